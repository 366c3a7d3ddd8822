# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# cmake -DCMAKE_TOOLCHAIN_FILE=PREFIX/lib/cmake/capcc/capcc-toolchain.cmake: C by the capcc of the prefix that this file is in,
# wherever that has been moved. It names no system: the target is this machine, and CMake must not take the build for a cross build.
# C++ stays with the system's compiler: what of a project is C++ runs as external code.

get_filename_component(CAPCC_PREFIX "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set(CMAKE_C_COMPILER "${CAPCC_PREFIX}/bin/capcc")
