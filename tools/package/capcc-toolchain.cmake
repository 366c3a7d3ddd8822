# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# cmake -DCMAKE_TOOLCHAIN_FILE=PREFIX/lib/cmake/capcc/capcc-toolchain.cmake: C by the capcc of the prefix that this file is in,
# wherever that has been moved. It names no system: the target is this machine, and CMake must not take the build for a cross build.
# C++ is compiled by the system's compiler. What is C and C++ is linked by capcc (capcc-links.cmake), and there the C++ runs as external
# code; what has no C file of its own is linked by the compiler of C++ and is native, unless its LINKER_LANGUAGE is set to C.

get_filename_component(CAPCC_PREFIX "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set(CMAKE_C_COMPILER "${CAPCC_PREFIX}/bin/capcc")
set(CMAKE_USER_MAKE_RULES_OVERRIDE_C "${CMAKE_CURRENT_LIST_DIR}/capcc-links.cmake")
