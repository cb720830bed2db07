# The second compiler of the suite. Its objects are custom commands of this build, so that one scheduler sees all the work:
#   clang_headers     every header alone, but for those of cuda and cudnn (g++ in their folders: all_verify_interface_header_sets)
#   clang_<stage>     the tests of the stages that lean hardest on the language, built and run again
#   fuzz_<name>       tests/fuzz/<name>.cpp with AddressSanitizer and UndefinedBehaviourSanitizer, over tests/fuzz/corpus/<name>
find_program(HASSE_CLANG clang++-14)
if(NOT HASSE_CLANG)
  message(FATAL_ERROR "The tests need clang++-14 (Debian: clang-14 libclang-rt-14-dev); HASSE_TEST_CLANG=OFF leaves that part out.")
endif()

# What the g++ tests are compiled with, as clang's options; and what the standard library can check about its callers, it checks here.
set(own_folders ${PROJECT_SOURCE_DIR}/include ${CMAKE_CURRENT_SOURCE_DIR}/support)
set(folders $<TARGET_PROPERTY:test_pch,INCLUDE_DIRECTORIES>)
set(foreign_folders $<REMOVE_DUPLICATES:$<FILTER:${folders},EXCLUDE,^/usr/include$|^${PROJECT_SOURCE_DIR}/>>)
set(clang_flags -std=c++20 -pthread -D_GLIBCXX_ASSERTIONS ${HASSE_WARNING_FLAGS} -DHASSE_SOURCE_DIR="${PROJECT_SOURCE_DIR}" -DHASSE_BINARY_DIR="${PROJECT_BINARY_DIR}")
foreach(folder IN LISTS own_folders)
  list(APPEND clang_flags -I${folder})
endforeach()
list(APPEND clang_flags "-isystem$<JOIN:${foreign_folders},;-isystem>")
# --as-needed: a library in a folder of its own (DNNL_ROOT) is only looked for where it is used.
set(clang_libraries -Wl,--as-needed $<TARGET_FILE:Catch2::Catch2WithMain> ${HASSE_DNNL_LIBRARY} ${HASSE_TURBOJPEG_LIBRARY} ${PNG_LIBRARIES} ${ZLIB_LIBRARIES} ${HASSE_YAML_CPP_LIBRARY} -pthread)

set(clang_folder ${CMAKE_CURRENT_BINARY_DIR}/clang)

# clang_object(out source flags...): one object, compiled again when what it includes changes.
function(clang_object out source)
  cmake_path(GET out PARENT_PATH folder)
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_CXX_COMPILER_LAUNCHER} ${HASSE_CLANG} "${clang_flags}" ${ARGN} -MD -MF ${out}.d -c ${source} -o ${out}
    DEPENDS ${source} DEPFILE ${out}.d COMMENT "Building clang object ${out}" VERBATIM COMMAND_EXPAND_LISTS)
endfunction()

# clang_program(name SOURCES files... FLAGS flags...): a target <name> that is part of all.
function(clang_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;FLAGS" ${ARGN})
  set(objects)
  foreach(source IN LISTS arg_SOURCES)
    cmake_path(GET source STEM stem)
    set(object ${clang_folder}/${name}.dir/${stem}.o)
    clang_object(${object} ${source} ${arg_FLAGS})
    list(APPEND objects ${object})
  endforeach()
  set(program ${clang_folder}/${name})
  add_custom_command(OUTPUT ${program} COMMAND ${HASSE_CLANG} ${arg_FLAGS} ${objects} -o ${program} ${clang_libraries}
    DEPENDS ${objects} COMMENT "Linking clang program ${name}" VERBATIM)
  add_custom_target(${name} ALL DEPENDS ${program})
endfunction()

# Every header alone, once, by the compiler that needs the least time for it (four fifths of g++'s, without code and without
# optimisation), and for the most vector instructions, since the tests are compiled for the least. What many headers include is read once:
# a header that reaches a hub is checked behind the hub, which it brings itself; the hub is checked when it is precompiled.
set(hubs core/error.hpp kernel/memory.hpp network/inference.hpp file/json.hpp latency/detail/laps.hpp supernet/slimmable_model.hpp
  program/command_line.hpp program/search.hpp)
set(most)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(most -march=x86-64-v4)
endif()
set(alone ${hasse_headers})
list(FILTER alone EXCLUDE REGEX "${headers_of_cuda}|${headers_of_cudnn}")

# find_reach(name): sets reach_<name> to the headers of ours that a header includes, itself or through others.
function(find_reach name)
  if(DEFINED reach_${name})
    return()
  endif()
  set(found)
  set(reach_${name} "" CACHE INTERNAL "")  # a header and its bodies include each other
  file(STRINGS ${PROJECT_SOURCE_DIR}/include/hasse/${name} lines REGEX "^ *# *include <hasse/")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE ".*<hasse/([^>]+)>.*" "\\1" next "${line}")
    find_reach(${next})
    list(APPEND found ${next} ${reach_${next}})
  endforeach()
  list(REMOVE_DUPLICATES found)
  set(reach_${name} "${found}" CACHE INTERNAL "")
endfunction()
get_cmake_property(stale CACHE_VARIABLES)
list(FILTER stale INCLUDE REGEX "^reach_")
foreach(name IN LISTS stale)
  unset(${name} CACHE)
endforeach()

set(checked)
foreach(name IN LISTS alone)
  find_reach(${name})
  set(source ${clang_folder}/headers/${name}.cpp)
  file(CONFIGURE OUTPUT ${source} CONTENT "#include <hasse/${name}>\n")
  set(hub)
  set(most_reached -1)
  foreach(candidate IN LISTS hubs)
    list(LENGTH reach_${candidate} reached)
    if(candidate IN_LIST reach_${name} AND reached GREATER most_reached)
      set(hub ${clang_folder}/headers/${candidate}.pch)
      set(most_reached ${reached})
    endif()
  endforeach()
  if(name IN_LIST hubs)
    clang_object(${clang_folder}/headers/${name}.pch ${source} ${most} -fpch-instantiate-templates -x c++-header)
    list(APPEND checked ${clang_folder}/headers/${name}.pch)
    continue()
  endif()
  set(behind)
  if(hub)
    set(behind -include-pch ${hub} -fpch-instantiate-templates)
  endif()
  clang_object(${source}.o ${source} ${most} ${behind} -fsyntax-only)
  # -fsyntax-only writes no object, so an empty one marks the header as checked.
  add_custom_command(OUTPUT ${source}.o COMMAND ${CMAKE_COMMAND} -E touch ${source}.o DEPENDS ${hub} APPEND)
  list(APPEND checked ${source}.o)
endforeach()
add_custom_target(clang_headers ALL DEPENDS ${checked})

foreach(stage core space catalogue search laws)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${stage}/*.cpp)
  if(sources)
    clang_program(clang_${stage} SOURCES ${sources} FLAGS -O1)
    add_test(NAME clang/${stage} COMMAND ${clang_folder}/clang_${stage})
    set_tests_properties(clang/${stage} PROPERTIES LABELS clang ENVIRONMENT OMP_WAIT_POLICY=passive TIMEOUT 300)
  endif()
endforeach()

set(HASSE_FUZZ_RUNS 20000 CACHE STRING "Executions of every fuzz test")
file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/*.cpp)
foreach(source IN LISTS sources)
  cmake_path(GET source STEM name)
  clang_program(fuzz_${name} SOURCES ${source} FLAGS -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined)
  set(found ${clang_folder}/fuzz_${name}.found)
  file(MAKE_DIRECTORY ${found})
  set(corpus ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${name})
  if(NOT EXISTS ${corpus})
    set(corpus)
  endif()
  add_test(NAME fuzz/${name}
    COMMAND ${clang_folder}/fuzz_${name} -runs=${HASSE_FUZZ_RUNS} -seed=1 -timeout=10 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 ${found} ${corpus})
  set_tests_properties(fuzz/${name} PROPERTIES LABELS fuzz TIMEOUT 600 WORKING_DIRECTORY ${found})
endforeach()
