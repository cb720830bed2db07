# hasse_add_kernels(name)
# Makes a static library <name> of the CPU backend's own kernels, which take a compiler half a minute. What links it compiles
# without their bodies; a program that does not link it has them in every file that uses the backend. Where hasse::programs is, the
# library also has the processor as program/devices.hpp chooses it.
function(hasse_add_kernels name)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${name}_kernels.cpp)
  file(CONFIGURE OUTPUT ${source} CONTENT "#define HASSE_KERNELS_HERE\n#include <hasse/kernel/cpu/kernels.hpp>\n" @ONLY)
  add_library(${name} STATIC ${source})
  target_link_libraries(${name} PUBLIC hasse::onednn)
  target_compile_definitions(${name} PUBLIC HASSE_KERNELS_APART)
  hasse_add_devices(${name} PROCESSOR HASSE_PROCESSOR_APART)
endfunction()

# hasse_add_cuda_kernels(name)
# Makes a static library <name> of the CUDA backend's own kernels for CMAKE_CUDA_ARCHITECTURES: what links it may use kernel/cuda.hpp
# in files that any C++ compiler takes. The language CUDA must be enabled. Where hasse::programs is, what links it also chooses a GPU
# by name, as program/devices.hpp says, with cuDNN where hasse::cudnn is.
function(hasse_add_cuda_kernels name)
  set(sources)
  foreach(scalar FLOAT BFLOAT16 FLOAT16)
    set(source ${CMAKE_CURRENT_BINARY_DIR}/${name}_${scalar}.cu)
    file(CONFIGURE OUTPUT ${source} CONTENT "#define HASSE_CUDA_KERNELS_${scalar}\n#include <hasse/kernel/cuda/kernels.hpp>\n" @ONLY)
    list(APPEND sources ${source})
  endforeach()
  add_library(${name} STATIC ${sources})
  # From 80 to 99 nvcc's intermediate code is the same but for its name, so it is made once, for the least.
  set(alike ${CMAKE_CUDA_ARCHITECTURES})
  list(FILTER alike INCLUDE REGEX "^[89][0-9]$")
  list(SORT alike)
  list(POP_FRONT alike least)
  set(architectures ${CMAKE_CUDA_ARCHITECTURES})
  foreach(more ${alike})
    list(REMOVE_ITEM architectures ${more})
    target_compile_options(${name} PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:--generate-code=arch=compute_${least},code=sm_${more}>")
  endforeach()
  set_target_properties(${name} PROPERTIES CUDA_ARCHITECTURES "${architectures}")
  target_link_libraries(${name} PUBLIC hasse::cuda)
  if(TARGET hasse::cudnn)
    target_link_libraries(${name} PUBLIC hasse::cudnn)
  endif()
  hasse_add_devices(${name} GPU HASSE_GPU_DEVICES)
endfunction()

# hasse_add_devices(name WHICH definition): the file of program/devices.hpp that has the bodies of WHICH, which `definition` promises.
function(hasse_add_devices name which definition)
  if(TARGET hasse::programs)
    set(source ${CMAKE_CURRENT_BINARY_DIR}/${name}_devices.cpp)
    file(CONFIGURE OUTPUT ${source} CONTENT "#define HASSE_${which}_HERE\n#include <hasse/program/devices.hpp>\n" @ONLY)
    target_sources(${name} PRIVATE ${source})
    target_compile_definitions(${name} PUBLIC ${definition})
  endif()
endfunction()
