# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# One request in, one response out: methods, statuses, content types, conditions, and which requests are malformed.

from harness import *


def test_get_serves_a_file():
    with Tree() as tree, Server(root=tree.root) as server:
        for path, body in (("/a.txt", b"0123456789" * 10), ("/", b"<h1>root</h1>\n"), ("/dir/", b"<h1>dir</h1>\n"), ("/empty", b""),
                           ("/a.txt?query=/../x", b"0123456789" * 10), ("/%61.t%78t", b"0123456789" * 10)):
            for _ in range(2):  # from disk, then from the cache
                response = get(server, path)
                equal((response.status, response.body), (200, body), path)
                equal(response.headers["content-length"], str(len(body)), "content-length")
                equal(response.headers["accept-ranges"], "bytes", "accept-ranges")


def test_head_sends_the_same_head_and_no_body():
    with Tree() as tree, Server(root=tree.root) as server:
        for path, status in (("/a.txt", 200), ("/missing", 404), ("/dir", 301)):
            with Client(server) as client:
                got = client.get(path)
                head = client.get(path, method="HEAD")
                equal(head.status, status, path)
                equal({k: v for k, v in head.headers.items() if k != "date"},
                      {k: v for k, v in got.headers.items() if k != "date"}, path)
                equal(client.get("/a.txt").status, 200, "a request after HEAD")


def test_content_types():
    with Tree() as tree, Server(root=tree.root) as server:
        for name, kind in (("x.html", "text/html; charset=utf-8"), ("x.CSS", "text/css; charset=utf-8"), ("x.json", "application/json"),
                           ("x.tar.gz", "application/gzip"), ("x.svg", "image/svg+xml"), ("x.woff2", "font/woff2"),
                           ("plain", "application/octet-stream"), ("d.png/file", "application/octet-stream"), (".html", "text/html; charset=utf-8")):
            tree.write(name, b"x")
            equal(get(server, "/" + name).headers["content-type"], kind, name)


def test_missing_files_are_404():
    with Tree() as tree, Server(root=tree.root) as server:
        for path in ("/missing", "/a.txt/", "/a.txt/b", "/no/such/dir/", "/" + "n" * 300):
            response = get(server, path)
            check(response.status == (414 if len(path) > 255 else 404), f"{path:.20}: {response.status}")


def test_a_directory_without_slash_redirects_within_the_site():
    with Tree() as tree, Server(root=tree.root) as server:
        tree.write("sp ace/index.html", b"x")
        for path, location in (("/dir", "/dir/"), ("//dir", "/dir/"), ("/sp%20ace", "/sp%20ace/"), ("/dir?q", "/dir/")):
            response = get(server, path)
            equal((response.status, response.headers["location"]), (301, location), path)


def test_what_is_no_file_is_403():
    with Tree() as tree, Server(root=tree.root) as server:
        os.mkdir(os.path.join(tree.root, "bare"))
        os.mkdir(os.path.join(tree.root, "odd"))
        os.mkdir(os.path.join(tree.root, "odd/index.html"))
        os.mkfifo(os.path.join(tree.root, "fifo"))
        equal(get(server, "/odd/").status, 403, "a directory as index.html")
        equal(get(server, "/fifo").status, 403, "a FIFO")
        equal(get(server, "/bare/").status, 404, "a directory without index.html")


def test_unreadable_files_are_403():
    if os.geteuid() == 0:
        raise Skip("root reads everything")
    with Tree() as tree, Server(root=tree.root) as server:
        os.chmod(tree.write("locked", b"x"), 0)
        equal(get(server, "/locked").status, 403, "mode 000")


def test_other_methods_are_405_with_allow_or_501():
    with Tree() as tree, Server(root=tree.root) as server:
        with Client(server) as client:
            for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"):
                response = client.get("*" if method == "OPTIONS" else "test:80" if method == "CONNECT" else "/a.txt", method=method)
                equal((response.status, response.headers.get("allow")), (405, "GET, HEAD"), method)
            for method in ("BREW", "get", "GETT", "!#$%&'*+-.^_`|~"):
                equal(client.get("/a.txt", method=method).status, 501, method)
            equal(client.get("/a.txt").status, 200, "the same connection afterwards")


def test_malformed_requests_are_400_and_close():
    with Tree() as tree, Server(root=tree.root) as server:
        line = b"GET /a.txt HTTP/1.1\r\n"
        for data in (b"GET\r\n\r\n", b"GET /a.txt\r\n\r\n", b"GET  HTTP/1.1\r\nHost: t\r\n\r\n", b" GET /a.txt HTTP/1.1\r\nHost: t\r\n\r\n",
                     b"GET /a.txt HTTP/1.1x\r\nHost: t\r\n\r\n", b"GET /a.txt http/1.1\r\nHost: t\r\n\r\n", b"GET /a.txt HTTP/11\r\nHost: t\r\n\r\n",
                     b"GET /a b HTTP/1.1\r\nHost: t\r\n\r\n", b"GET a.txt HTTP/1.1\r\nHost: t\r\n\r\n", b"GET /a.txt#f HTTP/1.1\r\nHost: t\r\n\r\n",
                     b"G\x00T /a.txt HTTP/1.1\r\nHost: t\r\n\r\n", b"G(T /a.txt HTTP/1.1\r\nHost: t\r\n\r\n", b"GET /%zz HTTP/1.1\r\nHost: t\r\n\r\n",
                     b"GET /%4 HTTP/1.1\r\nHost: t\r\n\r\n", b"GET /% HTTP/1.1\r\nHost: t\r\n\r\n", b"GET /a%00.txt HTTP/1.1\r\nHost: t\r\n\r\n",
                     b"GET /\x80\x7f HTTP/1.1\r\nHost: t\r\n\r\n", line + b"\r\n", line + b"Host: t\r\nHost: t\r\n\r\n",
                     line + b"Host: t\r\nX : y\r\n\r\n", line + b"Host: t\r\n X: folded\r\n\r\n", line + b"Host: t\r\n: y\r\n\r\n",
                     line + b"Host: t\r\nno colon\r\n\r\n", line + b"Host: t\r\nX: a\rb\r\n\r\n", line + b"Host: t\r\nX: a\x00b\r\n\r\n",
                     line + b"Host: t\r\nContent-Length: x\r\n\r\n", line + b"Host: t\r\nContent-Length: -1\r\n\r\n",
                     line + b"Host: t\r\nContent-Length:\r\n\r\n", line + b"Host: t\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
                     line + b"Host: t\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"):
            response, closed = exchange(server, data)
            equal((response.status, response.headers.get("connection"), closed), (400, "close", True), repr(data))
        equal(get(server, "/a.txt").status, 200, "a good request afterwards")


def test_lenient_where_no_harm_is():
    with Tree() as tree, Server(root=tree.root) as server:
        for data in (b"GET /a.txt HTTP/1.0\n\n", b"\r\n\r\nGET /a.txt HTTP/1.1\r\nHost: t\r\n\r\n", b"GET /a.txt HTTP/1.1\r\nHOST:t\r\nx:\ty \r\n\r\n",
                     b"GET http://test/a.txt HTTP/1.1\r\nHost: t\r\n\r\n", b"GET HTTP://test/a.txt HTTP/1.1\r\nHost: t\r\n\r\n",
                     b"GET http://test HTTP/1.1\r\nHost: t\r\n\r\n", b"GET http://test?/q HTTP/1.1\r\nHost: t\r\n\r\n", b"GET /a.txt HTTP/1.9\r\nHost: t\r\n\r\n"):
            equal(exchange(server, data)[0].status, 200, repr(data))


def test_other_versions_are_505():
    with Tree() as tree, Server(root=tree.root) as server:
        for version in ("2.0", "0.9", "3.1"):
            response, closed = exchange(server, f"GET /a.txt HTTP/{version}\r\nHost: t\r\n\r\n")
            equal((response.status, closed), (505, True), version)


def test_transfer_codings_are_501_and_close():
    with Tree() as tree, Server(root=tree.root) as server:
        response, closed = exchange(server, "GET /a.txt HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        equal((response.status, closed), (501, True), "chunked")


def test_if_modified_since():
    with Tree() as tree, Server(root=tree.root) as server:
        os.utime(tree.write("old.txt", b"old"), (1e9, 1e9))  # 9 September 2001, 01:46:40
        with Client(server) as client:
            equal(client.get("/old.txt").headers["last-modified"], "Sun, 09 Sep 2001 01:46:40 GMT", "last-modified")
            for date, status in (("Sun, 09 Sep 2001 01:46:40 GMT", 304), ("Sun, 09 Sep 2001 01:46:41 GMT", 304), ("Sun, 09 Sep 2001 01:46:39 GMT", 200),
                                 ("Fri, 01 Jan 2100 00:00:00 GMT", 304), ("Thu, 01 Jan 1970 00:00:00 GMT", 200), ("yesterday", 200),
                                 ("Sun, 09 Sep 2001 01:46:40 XXX", 200), ("", 200)):
                response = client.get("/old.txt", headers=[f"If-Modified-Since: {date}"])
                equal((response.status, response.body), (status, b"old" if status == 200 else b""), date)


def test_impossible_file_times():
    with Tree() as tree, Server(root=tree.root) as server:
        os.utime(tree.write("future", b"x"), (1e12, 1e12))
        os.utime(tree.write("past", b"x"), (-1e9, -1e9))
        for name in ("/future", "/past"):
            response = get(server, name)
            equal((response.status, len(response.headers["last-modified"])), (200, 29), name)


run(globals())
