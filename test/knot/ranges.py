# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Single byte ranges, of a cached file and of one too large for the cache, against Python's slices.

import random

from harness import *

LARGE = 3 << 20


def test_ranges_of_cached_and_uncached_files():
    with Tree() as tree, Server(root=tree.root) as server, Client(server) as client:
        large = random.Random(1).randbytes(LARGE)
        small = large[:1000]
        tree.write("large.bin", large)
        tree.write("small.bin", small)
        for name, content in (("/small.bin", small), ("/large.bin", large)):
            size = len(content)
            for text, first, last in (("0-0", 0, 0), ("0-", 0, size - 1), ("1-1", 1, 1), ("-1", size - 1, size - 1), (f"{size - 1}-", size - 1, size - 1),
                                      (f"-{size}", 0, size - 1), (f"-{size + 5}", 0, size - 1), (f"0-{size * 2}", 0, size - 1), ("17-16399", 17, min(16399, size - 1)),
                                      (f"0-{10 ** 30}", 0, size - 1), ("00-07", 0, 7)):
                response = client.get(name, headers=[f"Range: bytes={text}"])
                equal((response.status, response.headers["content-range"]), (206, f"bytes {first}-{last}/{size}"), text)
                check(response.body == content[first:last + 1], f"{name} {text}: wrong bytes")
            for text in (f"{size}-", f"{size}-{size + 1}", "-0", f"{10 ** 30}-"):
                response = client.get(name, headers=[f"Range: bytes={text}"])
                equal((response.status, response.headers["content-range"]), (416, f"bytes */{size}"), text)
            # Malformed ones, other units and several ranges are ignored, as RFC 9110 allows.
            for text in ("bytes=5-1", "bytes=", "bytes=-", "bytes=a-b", "bytes=1-2,4-5", "lines=1-2", "bytes 1-2", "bytes=1 - 2", "1-2"):
                response = client.get(name, headers=[f"Range: {text}"])
                check((response.status, response.body) == (200, content), f"{name} {text}: {response.status}")


def test_ranges_of_an_empty_file():
    with Tree() as tree, Server(root=tree.root) as server, Client(server) as client:
        for text in ("0-", "-1", "0-0"):
            equal(client.get("/empty", headers=[f"Range: bytes={text}"]).status, 416, text)
        equal(client.get("/empty").status, 200, "no range")


def test_head_ignores_ranges():
    with Tree() as tree, Server(root=tree.root) as server, Client(server) as client:
        response = client.get("/a.txt", method="HEAD", headers=["Range: bytes=0-1"])
        equal((response.status, response.headers["content-length"]), (200, "100"), "HEAD")


def test_if_range():
    with Tree() as tree, Server(root=tree.root) as server, Client(server) as client:
        modified = client.get("/a.txt").headers["last-modified"]
        for condition, status in ((modified, 206), ("Sun, 09 Sep 2001 01:46:40 GMT", 200), ('"etag"', 200)):
            equal(client.get("/a.txt", headers=["Range: bytes=0-1", f"If-Range: {condition}"]).status, status, condition)


run(globals())
