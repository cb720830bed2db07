# The components cuda and cudnn: only with a CUDA Toolkit and nvcc; nothing else of the build depends on them.
if(HASSE_CUDA STREQUAL "OFF")
  return()
endif()
hasse_find_cuda()
if(hasse_cuda_MISSING OR NOT CUDAToolkit_NVCC_EXECUTABLE)
  if(HASSE_CUDA STREQUAL "ON")
    message(FATAL_ERROR "HASSE_CUDA=ON needs the CUDA Toolkit 12 or newer with nvcc: put nvcc into PATH or set CUDAToolkit_ROOT; HASSE_CUDA=OFF builds without it.")
  endif()
  message(STATUS "hasse: built without cuda (no CUDA Toolkit 12 or newer with nvcc)")
  return()
endif()

hasse_component(cuda LINK hasse::hasse CUDA::cudart ${CMAKE_DL_LIBS})
# CMake 3.25 knows no cuda_std_20 and drops CUDA_STANDARD 20 without a word, so the flag is passed by hand;
# kernel/cuda/language.hpp refuses a source that missed it.
target_compile_options(hasse_cuda INTERFACE $<$<COMPILE_LANGUAGE:CUDA>:-std=c++20>)

# Dense layers through the libraries: what links hasse::cudnn has them in kernel/cuda.hpp.
hasse_find_cudnn()
if(hasse_cudnn_MISSING)
  list(JOIN hasse_cudnn_MISSING ", " missing)
  message(STATUS "hasse: built without cudnn (it needs ${missing})")
else()
  hasse_component(cudnn LINK hasse::cuda hasse::libcudnn CUDA::cublasLt)
  target_compile_definitions(hasse_cudnn INTERFACE HASSE_CUDNN)
endif()

# Our own tests and programs are all that nvcc compiles here.
if(HASSE_BUILD_TESTS OR HASSE_BUILD_EXAMPLES)
  if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
    set(architectures 80 90)
    if(CUDAToolkit_VERSION VERSION_GREATER_EQUAL 12.8)
      list(APPEND architectures 100)
    endif()
    set(CMAKE_CUDA_ARCHITECTURES "${architectures}" CACHE STRING "GPU architectures, for instance 80;90 or native")
  endif()
  if(NOT DEFINED CMAKE_CUDA_COMPILER)
    set(CMAKE_CUDA_COMPILER ${CUDAToolkit_NVCC_EXECUTABLE})
  endif()
  enable_language(CUDA)
endif()
