# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Writes NAMES, for objcopy --redefine-syms: a name of the test's own for each function that the runtime has in place of libc's, as DYNLIST
# lists them.

file(READ ${DYNLIST} list)
string(REGEX MATCHALL "[A-Za-z0-9_]+;" names "${list}")
set(text "")
foreach(name ${names})
  if(NOT name MATCHES "^(capr_|__capr_|$)")
    string(APPEND text "${name} capr_tsan_${name}\n")
  endif()
endforeach()
if(text STREQUAL "")
  message(FATAL_ERROR "names.cmake: error: ${DYNLIST}: lists no function of the runtime's")
endif()
file(WRITE ${NAMES} "${text}")
