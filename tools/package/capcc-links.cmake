# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Which compiler links what is C and C++. CMake takes the language of the highest preference among a target's own and, of those that pass
# theirs on, its libraries'; C++ has 30 and passes its own on, C has 10. The compiler of C++ would link a program natively, without the pass
# and without a word. With this, capcc links each target that has a file of C, and CMake gives it the libraries of C++. CMake sets its own
# value after the toolchain file, and reads this file after that.

set(CMAKE_C_LINKER_PREFERENCE 40)
