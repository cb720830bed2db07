# What differs by the vector instructions that a compiler may use, compiled for processors without AVX-512 and for such with, whatever
# this machine is: the kernels of our own and the benches. tests/structure/structure.py sees to it that nothing else differs.
#   levels   compiles them; nothing of it is run
if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  return()
endif()
set(level_flags -std=c++20 -pthread -fopenmp ${HASSE_WARNING_FLAGS} ${HASSE_WARNINGS_OFF}
  -I${PROJECT_SOURCE_DIR}/include "-isystem$<JOIN:$<REMOVE_DUPLICATES:$<FILTER:$<TARGET_PROPERTY:test_pch,INCLUDE_DIRECTORIES>,EXCLUDE,^/usr/include$|^${PROJECT_SOURCE_DIR}/>>,;-isystem>")
set(level_folder ${CMAKE_CURRENT_BINARY_DIR}/levels)

# Files that include others, so that the headers are read once: assembler shows only where code is made, the rest is a matter of syntax.
file(CONFIGURE OUTPUT ${level_folder}/code.cpp CONTENT "#define HASSE_KERNELS_HERE\n#include <hasse/kernel/cpu/kernels.hpp>\n#include \"${PROJECT_SOURCE_DIR}/bench/run/hasse_bench/machine.cpp\"\n")
file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/run/hasse_bench/*.cpp)
set(bench "#define HASSE_PROCESSOR_HERE\n#include <hasse/program/devices.hpp>\n")
foreach(source IN LISTS sources)
  string(APPEND bench "#include \"${source}\"\n")
endforeach()
file(CONFIGURE OUTPUT ${level_folder}/bench.cpp CONTENT "${bench}")

# compile_at(level name source flags...): of a file nothing is kept but that it was compiled.
set(compiled)
function(compile_at level name source)
  set(out ${level_folder}/${name}_${level}.o)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_CXX_COMPILER_LAUNCHER} ${CMAKE_CXX_COMPILER} "${level_flags}" -march=${level} ${ARGN} -MD -MF ${out}.d ${source} -o ${out}
    COMMAND ${CMAKE_COMMAND} -E touch ${out}
    DEPENDS ${source} DEPFILE ${out}.d COMMENT "Compiling ${name} for ${level}" VERBATIM COMMAND_EXPAND_LISTS)
  set(compiled ${compiled} ${out} PARENT_SCOPE)
endfunction()
foreach(level x86-64-v3 x86-64-v4)
  compile_at(${level} code ${level_folder}/code.cpp -O0 -c)
  compile_at(${level} bench ${level_folder}/bench.cpp -fsyntax-only)
endforeach()
# The other benches differ in nothing; once is enough.
find_package(benchmark QUIET)
if(TARGET benchmark::benchmark)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/run/*.cpp)
  foreach(source IN LISTS sources)
    cmake_path(GET source STEM name)
    compile_at(x86-64-v4 bench_${name} ${source} -fsyntax-only)
  endforeach()
endif()
add_custom_target(levels ALL DEPENDS ${compiled})
