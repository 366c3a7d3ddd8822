# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Writes the dynamic list of an executable: every function that libcapr.a defines with default visibility, that is, those that
# replace libc's. Shared libraries then bind to them too. Made from the archive, so that it cannot disagree with it.
#
#   cmake -DREADELF=... -DARCHIVE=... -DOUT=... -P dynlist.cmake

execute_process(COMMAND ${READELF} --symbols --wide ${ARCHIVE} OUTPUT_VARIABLE text RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "dynlist.cmake: error: ${ARCHIVE}: ${READELF} cannot read it")
endif()
string(REGEX MATCHALL "(FUNC|OBJECT|IFUNC)[ ]+(GLOBAL|WEAK)[ ]+DEFAULT[ ]+[0-9]+[ ]+[A-Za-z0-9_]+" lines "${text}")
set(names)
foreach(line IN LISTS lines)
  string(REGEX REPLACE ".*[ ]" "" name "${line}")
  if(NOT name MATCHES "^__capr_|^capr__")
    list(APPEND names ${name})
  endif()
endforeach()
if(NOT names)
  message(FATAL_ERROR "dynlist.cmake: error: ${ARCHIVE}: no exported function; was it built from all of rt/?")
endif()
list(REMOVE_DUPLICATES names)
list(SORT names)
list(JOIN names ";\n    " body)
file(WRITE ${OUT}.new "{\n    ${body};\n};\n")
file(RENAME ${OUT}.new ${OUT})
