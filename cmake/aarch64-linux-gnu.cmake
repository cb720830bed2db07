# Compiles for 64-bit Arm on another processor, with Debian's g++-aarch64-linux-gnu. Used by the preset arm64.
# Headers that know no processor (Eigen, Boost, CLI11, nlohmann/json) are this machine's; libraries are those of Debian's
# architecture arm64, where they are installed.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L /usr/aarch64-linux-gnu)
