# The warnings that our own tests, examples and benches are compiled with; users of the library never see them.
set(HASSE_WARNING_FLAGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
if(HASSE_WARNINGS_AS_ERRORS)
  list(APPEND HASSE_WARNING_FLAGS -Werror)
endif()

set(HASSE_WARNINGS_OFF)  # for this compiler
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # g++ 12 sees overruns in any concatenation of std::string that it inlines (GCC bugs 105329, 105651).
  set(HASSE_WARNINGS_OFF -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow)
endif()

add_library(hasse_warnings INTERFACE)
target_compile_options(hasse_warnings INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:${HASSE_WARNING_FLAGS};${HASSE_WARNINGS_OFF}>")

add_library(hasse_native INTERFACE)
if(HASSE_NATIVE)
  target_compile_options(hasse_native INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-march=native>)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # What g++ 12 says of its own intrinsics for AVX-512 (GCC bug 105593), wherever Eigen uses them.
    target_compile_options(hasse_native INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-uninitialized>)
  endif()
endif()
