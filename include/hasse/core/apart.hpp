// Where the bodies of functions are that are no templates and that many files call: in each of them, or once in a program.
// Used by every stage; of space, most of whose functions are constants and templates, by what counts.
//
// A header x.hpp declares such functions with HASSE_BODY and ends with
//
//   #if HASSE_BODIES_INLINE
//   #include <hasse/stage/x.inl>
//   #endif
//
// x.inl defines them, and includes what only the bodies need. So a plain #include works without any library. A program of several
// files compiles all bodies once: it defines HASSE_BODIES_APART for all files and adds one that includes the .inl files (CMake:
// hasse_add_kernels). A template whose few arguments are known, such as a backend, is declared extern there and instantiated in its .inl.
#pragma once

#if defined(HASSE_BODIES_APART)
#define HASSE_BODIES_INLINE 0
#define HASSE_BODY
#else
#define HASSE_BODIES_INLINE 1
#define HASSE_BODY inline
#endif
