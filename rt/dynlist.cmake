# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Writes two lists of the functions that objects define with default visibility, that is, those that replace libc's.
# The first is the dynamic list of an executable, so that shared libraries bind to them too; what follows its `#` is there only
# in programs that refer to it. The second makes rt/proc/dlopen.S refer to some of that part.
#
#   cmake -DREADELF=... -DWHOLE=OBJECT:OBJECT... -DCALLS=OBJECT:OBJECT... -DOPENED=OBJECT:OBJECT... -DDYNLIST=... -DINCLUDE=... -P dynlist.cmake

function(exports out objects)
  string(REPLACE ":" ";" objects "${objects}")
  execute_process(COMMAND ${READELF} --symbols --wide ${objects} OUTPUT_VARIABLE text RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "dynlist.cmake: error: ${objects}: ${READELF} cannot read them")
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
    message(FATAL_ERROR "dynlist.cmake: error: ${objects}: no exported function; was rt/ built from all its files?")
  endif()
  list(REMOVE_DUPLICATES names)
  list(SORT names)
  set(${out} ${names} PARENT_SCOPE)
endfunction()

function(replace path text)
  file(WRITE ${path}.new "${text}")
  file(RENAME ${path}.new ${path})
endfunction()

exports(whole "${WHOLE}")
exports(calls "${CALLS}")
exports(opened "${OPENED}")
list(JOIN whole ";\n    " first)
list(JOIN calls ";\n    " second)
replace(${DYNLIST} "{\n    ${first};\n# Only where they are referred to:\n    dlopen;\n    dlmopen;\n    ${second};\n};\n")
list(TRANSFORM opened REPLACE "(.+)" ".reloc ., R_X86_64_NONE, \\1\n")
list(JOIN opened "" body)
replace(${INCLUDE} "${body}")
