# The targets of the package. A header belongs to the first component that can compile it.
#   hasse::hasse     core, space, kernel (reference), block, catalogue, network, search     Eigen, Boost headers
#   hasse::result    file, latency, result; search where it reads or writes files           nlohmann_json
#   hasse::yaml      latency/foreign_yaml.hpp                                               yaml-cpp, hasse::result
#   hasse::onednn    kernel/cpu                                                             oneDNN, OpenMP
#   hasse::data      data, train                                                            turbojpeg, libpng, zlib, threads, hasse::result
#   hasse::programs  program, hasse.hpp                                                     CLI11 and all of the above
#   hasse::cuda      kernel/cuda, but for kernel/cuda/programs, which any compiler takes;   CUDA Toolkit
#                    latency/on_gpu.hpp, whose users link hasse::result, too
#   hasse::cudnn     kernel/cuda/{cudnn,cublas,library}.hpp                                 cuDNN 9, hasse::cuda
set(headers_of_onednn "^kernel/cpu[/.]")
set(headers_of_data "^(data|train)[/.]")
set(headers_of_result "^(file|latency|result)[/.]|^search([.]|/(exchange|session|tabular)[.])")
set(headers_of_yaml "^latency/foreign_yaml[.]")
set(headers_of_programs "^(program[/.]|hasse.hpp)")
set(headers_of_cudnn "^kernel/cuda/(cudnn|cublas|library)[.]hpp$")
set(headers_of_cuda "^(kernel/cuda([.]hpp|/[^/]*)|latency/on_gpu[.]hpp)$")

file(GLOB_RECURSE hasse_headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/include/hasse include/hasse/*.hpp include/hasse/*.cuh)
# Compiled by the header that includes them, several times: no headers that stand alone.
file(GLOB_RECURSE hasse_bodies CONFIGURE_DEPENDS include/hasse/*.inl)

# hasse_component(name [LINK libraries...]): an INTERFACE target hasse::<name> with its headers, installed and exported on its own.
function(hasse_component name)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  set(target hasse_${name})
  set(exported ${name})
  if(name STREQUAL core)
    set(target hasse)
    set(exported hasse)
  endif()
  set(own ${hasse_headers})
  if(name STREQUAL core)
    foreach(other onednn data result yaml programs cuda)
      list(FILTER own EXCLUDE REGEX ${headers_of_${other}})
    endforeach()
  else()
    list(FILTER own INCLUDE REGEX ${headers_of_${name}})
    if(name STREQUAL result)
      list(FILTER own EXCLUDE REGEX ${headers_of_yaml})
      list(FILTER own EXCLUDE REGEX ${headers_of_cuda})
    elseif(name STREQUAL cuda)
      list(FILTER own EXCLUDE REGEX ${headers_of_cudnn})
    endif()
  endif()
  list(TRANSFORM own PREPEND ${PROJECT_SOURCE_DIR}/include/hasse/)

  add_library(${target} INTERFACE)
  add_library(hasse::${exported} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${exported})
  target_compile_features(${target} INTERFACE cxx_std_20)
  target_sources(${target} INTERFACE FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/include FILES ${own})
  target_link_libraries(${target} INTERFACE ${arg_LINK})
  if(HASSE_BUILD_TESTS AND HASSE_TEST_CLANG AND NOT name MATCHES "^cuda$|^cudnn$")
    set_target_properties(${target} PROPERTIES VERIFY_INTERFACE_HEADER_SETS OFF)  # tests/clang.cmake takes these headers one by one
  endif()
  set(bodies)
  if(name STREQUAL onednn)
    target_sources(${target} INTERFACE FILE_SET bodies TYPE HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/include FILES ${hasse_bodies})
    set_target_properties(${target} PROPERTIES INTERFACE_HEADER_SETS_TO_VERIFY HEADERS)
    set(bodies FILE_SET bodies DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  endif()
  install(TARGETS ${target} EXPORT hasse-${name}-targets FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} ${bodies})
  install(EXPORT hasse-${name}-targets NAMESPACE hasse:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/hasse)
  set(HASSE_COMPONENTS ${HASSE_COMPONENTS} ${name} PARENT_SCOPE)
endfunction()

# hasse_optional_component(name [LINK libraries...]): the same if its libraries are there, else one line that says what to install.
function(hasse_optional_component name)
  if(hasse_${name}_MISSING)
    list(JOIN hasse_${name}_MISSING ", " missing)
    message(STATUS "hasse: built without ${name} (it needs ${missing})")
    return()
  endif()
  hasse_component(${name} ${ARGN})
  set(HASSE_COMPONENTS ${HASSE_COMPONENTS} PARENT_SCOPE)
endfunction()

set(HASSE_COMPONENTS)
hasse_find_core()
if(hasse_core_MISSING)
  list(JOIN hasse_core_MISSING ", " missing)
  message(FATAL_ERROR "hasse needs ${missing}; scripts/install-dependencies.sh installs it on Debian.")
endif()
hasse_component(core LINK Eigen3::Eigen Boost::headers)

hasse_find_onednn()
hasse_optional_component(onednn LINK hasse::hasse hasse::dnnl OpenMP::OpenMP_CXX)
hasse_find_result()
hasse_optional_component(result LINK hasse::hasse nlohmann_json::nlohmann_json)
hasse_find_yaml()
list(APPEND hasse_yaml_MISSING ${hasse_result_MISSING})
hasse_optional_component(yaml LINK hasse::result hasse::yaml_cpp)
hasse_find_data()
list(APPEND hasse_data_MISSING ${hasse_result_MISSING})
hasse_optional_component(data LINK hasse::result hasse::turbojpeg PNG::PNG ZLIB::ZLIB Threads::Threads)
hasse_find_programs()
list(APPEND hasse_programs_MISSING ${hasse_onednn_MISSING} ${hasse_data_MISSING} ${hasse_yaml_MISSING})
hasse_optional_component(programs LINK hasse::hasse hasse::onednn hasse::data hasse::result hasse::yaml CLI11::CLI11)
