-- SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
--
-- Exercises what leans on the C stack in Lua: the parser's recursion, errors (longjmp) through C functions, coroutines inside
-- callbacks of C functions, sorting with comparators, patterns with captures and callbacks, and the limits of each. Prints
-- only what is the same on every run: no addresses, no times, no order of pairs.

local function try(name, f, ...)
  local ok, err = pcall(f, ...)
  print(name, ok, (tostring(err):gsub("0x%x+", "ADDRESS"):gsub("^.-([^/]*%.lua)", "%1")))
end

-- recursion: Lua calls use no C stack; metamethods, pcall and gsub callbacks do
local function fib(n) return n < 2 and n or fib(n - 1) + fib(n - 2) end
print("fib", fib(22))
local function depth(n) if n == 0 then return 0 end return 1 + depth(n - 1) end
print("depth", depth(150000))
local function through_pcall(n) if n == 0 then return 0 end local _, v = pcall(through_pcall, n - 1) return v + 1 end
print("pcall depth", through_pcall(150))
local function through_gsub(n)
  if n == 0 then return "x" end
  return (string.gsub("a", "a", function() return through_gsub(n - 1) .. "y" end))
end
print("gsub depth", #through_gsub(150))
local mt = {}
mt.__index = function(t, k) if k == 0 then return 0 end return t[k - 1] + 1 end
print("metamethod depth", setmetatable({}, mt)[150])
mt.__concat = function(a, b) return (type(a) == "table" and "T" or a) .. (type(b) == "table" and "T" or b) end
print("concat", "a" .. setmetatable({}, mt) .. "b")
try("C stack overflow", function() local function f() return (string.gsub("a", "a", f)) end f() end)
try("stack overflow", function() local function f() return 1 + f() end f() end)

-- the parser and code generator recurse
local function nested(n, open, close, leaf) return "return " .. string.rep(open, n) .. leaf .. string.rep(close, n) end
print("parens", load(nested(150, "(", ")", "7"))())
print("tables", #load(nested(150, "{", "}", "1"))())
print("functions", type(load(nested(60, "(function() return ", " end)()", "1"))()))
local f, message = load(nested(250, "(", ")", "7"))
print("too deep", f, message and message:match("C stack overflow") or message)
print("concats", #load("return " .. string.rep("'ab' .. ", 150) .. "'c'")())
print("unary", load("return " .. string.rep("not ", 150) .. "true")())
print("powers", load("return 2 " .. string.rep("^ 1 ", 150))())

-- errors of each kind, thrown and caught at different levels
try("error table", error, setmetatable({}, {__tostring = function() return "custom" end}))
try("error level", function() error("with position", 1) end)
try("nil call", function() local t = {} t.x.y() end)
try("arithmetic", function() return {} + 1 end)
try("compare", function() return {} < {} end)
try("for", function() for i = 1, 10, 0 do end end)
print("xpcall", xpcall(function() error("inner") end, function(m) return "handled " .. m:gsub("^.-([^/]*%.lua)", "%1") end))
print("error in handler", xpcall(function() error("x") end, function() error("y") end))
local log = {}
do
  local a <close> = setmetatable({}, {__close = function(_, e) log[#log + 1] = "closed " .. tostring(e) end})
  log[#log + 1] = "in block"
end
print("close", table.concat(log, ", "))

-- coroutines: each resume nests on the C stack; yields cross pcall, metamethods and iterators, not C callbacks
local function producer(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i) end end) end
local function filter(p, g) return coroutine.wrap(function() for x in g do if x % p ~= 0 then coroutine.yield(x) end end end) end
local primes, g = {}, producer(400)
g()
while true do
  local p = g()
  if not p then break end
  primes[#primes + 1] = p
  g = filter(p, g)
end
print("sieve", #primes, primes[#primes])
local function nest(n)
  if n == 0 then return coroutine.yield("bottom") end
  return coroutine.wrap(function() return nest(n - 1) end)()
end
local co = coroutine.create(nest)
print("nested resume", coroutine.resume(co, 100))
print("close", coroutine.close(co), coroutine.status(co))
try("yield across C", coroutine.wrap(function() string.gsub("a", "a", function() coroutine.yield() end) end))
print("yield across pcall", coroutine.wrap(function() return pcall(function() return coroutine.yield(1) end) end)())
local count = 0
for i = 1, 5000 do
  local c = coroutine.wrap(function(a) local b = coroutine.yield(a + 1) return b * 2 end)
  count = count + c(i) + c(i)
end
print("many coroutines", count)

-- sorting, with good and bad comparators
local numbers, seed = {}, 42
local function random() seed = (seed * 1103515245 + 12345) % 2147483648 return seed end
for i = 1, 20000 do numbers[i] = random() end
table.sort(numbers, function(a, b) return a > b end)
local sorted = true
for i = 2, #numbers do sorted = sorted and numbers[i - 1] >= numbers[i] end
print("sorted", sorted, numbers[1], numbers[#numbers])
try("bad comparator", table.sort, {3, 1, 2, 5, 4, 9, 8, 7, 6, 0}, function() return true end)
try("throwing comparator", table.sort, {3, 1, 2}, function() error("from comparator", 0) end)
print("sort in coroutine", coroutine.wrap(function() local t = {3, 1, 2} table.sort(t) coroutine.yield(table.concat(t)) end)())

-- strings and patterns
print(string.format("%5d|%-8s|%08.3f|%x|%q|%g|%a|%c|%i|%%", 42, "left", 3.14159, 255, "a\nb\0c", 1e20, 1.0, 65, -7))
print(("hello world from lua"):gsub("(%w+)", "<%1>"))
print(("key = value; other=thing"):gsub("(%w+)%s*=%s*(%w+)", "%2=%1"))
print(("x"):rep(100, ","):len(), ("abc"):byte(1, -1))
print(string.find(("a"):rep(5000) .. "b", ".-b"), ("THE (quick) fox"):find("%((%a+)%)"))
print(("%bxy"):len(), ("f(a(b)c)d"):match("%b()"), ("  trim  "):match("^%s*(.-)%s*$") .. "|")
try("pattern too complex", string.rep, "x", -1)
try("malformed pattern", string.find, "a", "[a")
print(string.pack("<i4>d!8s1", 1, 2.5, "x"):byte(1, -1))
print(string.unpack("<i2", "\1\2"), utf8.char(228, 8364, 128512), utf8.len("äöü"))
local pieces = {}
for i = 1, 2000 do pieces[i] = string.format("%d:%s", i, ("z"):rep(i % 50)) end
print("joined", #table.concat(pieces, ";"))

-- numbers, closures, goto, varargs, garbage
print(7 // 2, -7 // 2, 7 % -3, 7.5 // 2, 1 << 62, math.maxinteger + 1 == math.mininteger, 2^53, 10 / 2, 3 | 4, ~0)
print(math.type(1), math.type(1.0), math.tointeger(3.0), tostring(1e15), 0x7fffffffffffffff, 1e308 * 10, -(0/0) ~= -(0/0))
print(select("#", table.unpack({}, 1, 200)), select(-1, 1, 2, 3), (select(2, "a", "b", "c")))
local adders = {}
for i = 1, 100 do adders[i] = function(x) i = i + x return i end end
local total = 0
for _, add in ipairs(adders) do total = total + add(1) + add(2) end
print("closures", total)
for i = 1, 3 do
  for j = 1, 3 do
    if j == 2 then goto continue end
    io.write(i, ",", j, " ")
    ::continue::
  end
end
print()
local weak = setmetatable({}, {__mode = "k"})
for i = 1, 1000 do weak[{}] = i end
local finalised = 0
for i = 1, 1000 do setmetatable({}, {__gc = function() finalised = finalised + 1 end}) end
collectgarbage() collectgarbage()
print("garbage", next(weak), finalised)
collectgarbage("generational")
local keep = {}
for i = 1, 100000 do keep[i % 1000] = {i, tostring(i)} end
print("generational", keep[7][2], #keep)

-- the C library: files, environment, os
local name = os.tmpname()
local file = assert(io.open(name, "w"))
for i = 1, 1000 do file:write(i, "\n") end
file:close()
local sum = 0
for line in io.lines(name, "n") do sum = sum + line end
print("file", sum, io.open(name):seek("end"))
os.remove(name)
print(io.open("/nonexistent/file"))
print(os.date("!%Y-%m-%d %H:%M:%S", 86400 * 365), os.time({year = 2000, month = 1, day = 1, hour = 12}) ~= nil)
print(os.getenv("NO_SUCH_VARIABLE_HERE"), type(os.clock()))
local pipe = io.popen("echo from a pipe; exit 3")
print(pipe:read("a"), pipe:close())
print(require("string") == string, package.loaded.math == math)

-- a program of some size: eight queens, a heap, an interpreter
local solutions = 0
local function place(row, columns, up, down)
  if row > 8 then solutions = solutions + 1 return end
  for c = 1, 8 do
    if not (columns[c] or up[row + c] or down[row - c]) then
      columns[c], up[row + c], down[row - c] = true, true, true
      place(row + 1, columns, up, down)
      columns[c], up[row + c], down[row - c] = nil, nil, nil
    end
  end
end
place(1, {}, {}, {})
print("queens", solutions)
local environment = {print = function(...) io.write("sandbox ", ..., "\n") end, string = string}
assert(load("print(string.upper('inside')) x = 1", "chunk", "t", environment))()
print(environment.x, x)
local dumped = string.dump(function(a) return a * 2 end)
print("dumped", load(dumped, "dumped", "b")(21))
