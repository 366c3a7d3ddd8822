-- Work for the interpreter: calls, tables, strings, patterns, metamethods, coroutines, sorting.
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
local sum = fib(24)
local list = {}
for i = 1, 60000 do list[i] = (i * 7919) % 10007 end
table.sort(list)
table.sort(list, function(a, b) return a > b end)
local words = {}
for i = 1, 8000 do words[#words + 1] = string.format("%d:%s", i, ("x"):rep(i % 7)) end
local text, count = table.concat(words, ","), 0
for number, xs in text:gmatch("(%d+):(x*)") do count = count + #xs + tonumber(number) end
local doubled = setmetatable({}, { __index = function(_, key) return key * 2 end })
for i = 1, 60000 do count = count + doubled[i] end
for i = 1, 8000 do
  local resume = coroutine.wrap(function(a) local b = coroutine.yield(a + 1) return b end)
  count = count + resume(i)
  resume(2)
end
print(sum, list[100], count, #text:upper():gsub("X", "y"))
