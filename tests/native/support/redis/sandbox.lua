-- What a script of Redis 7 may name, read-only, so that nothing outlives the script that did it. What it could leave
-- something in (load, coroutine, rawset, math.random) is not here: a script that names it fails.
-- Gives the function that runs a script.

local format, select, type, error, pcall = string.format, select, type, error, pcall
local visible, redis, host = {}, {}, nil

local function readonly()
  error("Attempt to modify a readonly table", 2)
end

local function locked(inside)
  return setmetatable({}, { __index = inside, __newindex = readonly, __metatable = false })
end

for _, name in ipairs({
  "assert", "error", "getmetatable", "ipairs", "next", "pairs", "rawequal", "rawget", "select", "setmetatable", "tonumber",
  "tostring", "type", "unpack",
}) do
  visible[name] = _G[name]
end
math.random, math.randomseed = nil, nil
visible.math, visible.string, visible.table = locked(math), locked(string), locked(table)
getmetatable("").__metatable = false

local function is_failure(value)
  return type(value) == "table" and type(rawget(value, "err")) == "string"
end

-- Redis gives a script that catches it the text of an error, not its table.
local function caught(ok, first, ...)
  if not ok and is_failure(first) then return false, first.err end
  return ok, first, ...
end

function visible.pcall(...)
  return caught(pcall(...))
end

function redis.pcall(...)
  return host(...)
end

function redis.call(...)
  local reply = host(...)
  if is_failure(reply) then error(reply, 0) end
  return reply
end

function redis.status_reply(text)
  return { ok = text }
end

-- A text of one word, which would be a class without a message, gets a class.
function redis.error_reply(text)
  text = text:gsub("^%-", "")
  return { err = text:find(" ", 1, true) and text or "ERR " .. text }
end

visible.redis = locked(redis)

local environment = setmetatable({}, {
  __index = function(_, name)
    local value = visible[name]
    if value == nil then
      error(format("Script attempted to access nonexistent global variable '%s'", tostring(name)), 2)
    end
    return value
  end,
  __newindex = readonly,
  __metatable = false,
})

local function run(script, keys, arguments, call)
  visible.KEYS, visible.ARGV, host = keys, arguments, call
  local ok, result = pcall(script)
  if ok then return result end
  if is_failure(result) then return { err = result.err } end
  return { err = "ERR " .. tostring(result) }
end

return environment, run
