# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How often each of called_by_libc.c's registered functions waited, and by whom it was called."""
import collections
import json
import sys

waits = collections.Counter()
with open(sys.argv[1]) as f:
    for node in json.load(f)["nodes"]:
        calls = [call["function"] for call in node["chain"]]
        for registered in ("closes", "prepares"):
            if registered in calls:
                waits[registered, tuple(c for c in calls if c in ("once", "often"))] += node["count"]
wanted = {(registered, (caller,)): times for registered in ("closes", "prepares") for caller, times in (("once", 1), ("often", 3))}
if waits != wanted:
    sys.exit("%s: %s, not %s" % (sys.argv[1], dict(waits), wanted))
