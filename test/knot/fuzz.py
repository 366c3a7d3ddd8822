# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# A seeded fuzzer of request streams: good requests mutated, cut, spliced and sent in pieces. Whatever comes back must be a
# sequence of whole responses with statuses that a client's fault can explain, and the server must go on serving.
# KNOT_SEED repeats a run, KNOT_FUZZ says how many streams are sent.

import random

from harness import *

GOOD = [
    b"GET / HTTP/1.1\r\nHost: t\r\n\r\n",
    b"GET /a.txt?x=%20 HTTP/1.1\r\nHost: t\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n",
    b"GET /a.txt HTTP/1.1\r\nHost: t\r\nRange: bytes=10-20\r\nIf-Range: Sun, 09 Sep 2001 01:46:40 GMT\r\n\r\n",
    b"GET /a.txt HTTP/1.1\r\nHost: t\r\nRange: bytes=-5\r\n\r\n",
    b"GET /dir/../a.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"GET /%61.txt HTTP/1.1\r\nHost: t\r\nIf-Modified-Since: Sun, 09 Sep 2001 01:46:40 GMT\r\n\r\n",
    b"GET /dir HTTP/1.1\r\nHost: t\r\nX: " + b"y" * 700 + b"\r\n\r\n",
    b"POST /a.txt HTTP/1.1\r\nHost: t\r\nContent-Length: 20\r\n\r\n01234567890123456789",
    b"PUT / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"GET http://t/large HTTP/1.1\r\nHost: t\r\n\r\n",
]
TOKENS = [b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\0", b" ", b"\t", b":", b"%", b"%00", b"%2e%2e/", b"../", b"/", b"HTTP/1.1", b"HTTP/1.0", b"HEAD", b"GET ",
          b"Content-Length: ", b"Content-Length: 99999999999999999999\r\n", b"Host: t\r\n", b"Connection: close\r\n", b"Range: bytes=", b"-", b",", b"0", b"9" * 30,
          b"a" * 300, b"b" * 9000, b"\xff\xfe", b"Expect: 100-continue\r\n"]
ALLOWED = {200, 206, 301, 304, 400, 403, 404, 405, 413, 414, 416, 431, 501, 505}


def mutate(chance, data):
    data = bytearray(data)
    for _ in range(chance.choice((0, 1, 1, 1, 2, 3, 8))):
        at, to = sorted(chance.randint(0, len(data)) for _ in range(2))
        kind = chance.randrange(6)
        if kind == 0 and data:
            data[min(at, len(data) - 1)] = chance.randrange(256)
        elif kind == 1:
            data[at:at] = chance.choice(TOKENS)
        elif kind == 2:
            del data[at:min(to, at + chance.choice((1, 2, 10, 1000)))]
        elif kind == 3:
            data[at:at] = data[at:to][:500]
        elif kind == 4:
            data[at:to] = chance.choice(TOKENS)
        else:
            del data[at:]
            data += chance.choice(GOOD)[chance.randint(0, 40):]
    return bytes(data)


def whole_responses(data, sent):
    """The statuses of a byte stream, which must be whole responses. No stream has a HEAD request on purpose, but a mutation may make one;
    then, and only then, a body may be missing."""
    statuses = []
    while data:
        check(data.startswith(b"HTTP/1.1 ") and b"\r\n\r\n" in data, f"not a response: {data!r:.200}")
        head, data = data.split(b"\r\n\r\n", 1)
        statuses.append(int(head[9:12]))
        if statuses[-1] == 304:
            continue
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        if b"HEAD" in sent and (not data or data.startswith(b"HTTP/1.1 ")):
            continue
        check(len(data) >= length, f"a body of {len(data)} bytes, not {length}")
        data = data[length:]
    return statuses


def test_streams_of_mutated_requests():
    seed = int(os.environ.get("KNOT_SEED", str(random.SystemRandom().randrange(1 << 32))))
    count = int(os.environ.get("KNOT_FUZZ", "3000"))
    print(f"# fuzz: seed {seed}, {count} streams; repeat with KNOT_SEED={seed}", flush=True)
    with Tree() as tree, Server("--request-timeout", "2", root=tree.root) as server:
        tree.write("large", b"L" * (1 << 21))
        seen = {}
        for i in range(count):
            chance = random.Random(f"{seed} {i}")
            data = b"".join(mutate(chance, chance.choice(GOOD)) for _ in range(chance.randint(1, 4)))
            with Client(server) as client:
                try:
                    at = 0
                    while at < len(data):
                        piece = chance.choice((1, 7, 100, 100000, 100000))
                        client.send(data[at:at + piece])
                        at += piece
                        if chance.random() < 0.01:
                            time.sleep(0.005)
                    client.socket.shutdown(socket.SHUT_WR)
                except (BrokenPipeError, ConnectionResetError, OSError):
                    pass  # the server may close on a bad request while we still send
                while client.read_more():
                    pass
                try:
                    for status in whole_responses(client.data, data):
                        check(status in ALLOWED, f"status {status}")
                        seen[status] = seen.get(status, 0) + 1
                    check(SECRET not in client.data, "the secret")
                except Exception as error:
                    raise AssertionError(f"stream {i} of seed {seed}, {len(data)} bytes: {data!r:.2000}") from error
            if i % 100 == 0:
                equal(get(server, "/a.txt").status, 200, f"a good request after stream {i} of seed {seed}")
        check(len(seen) > 8, f"statuses seen: {seen}")
    return f"seed {seed}, statuses {dict(sorted(seen.items()))}"


run(globals())
