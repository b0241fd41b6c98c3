-- Before the script that publishes: what changed is noted in the journal, and what is replaced stays readable for a while
-- (docs/design.md, "The journal").

local ENTRIES, ENTRIES_BYTES, ENTRIES_MS = 200, 4194304, 2592000000
local KEPT, KEPT_MS = 16, 600000

local function make_list(key)
  local kind = redis.call('TYPE', key).ok
  if kind ~= 'list' and kind ~= 'none' then redis.call('DEL', key) end
end

-- An entry's first line: hash, configuration, when it was read, whether it follows the one before it (=) or not (!), and the bytes of
-- all changes so far.
local function read_entry(text)
  local hash, config, at, mark, bytes =
    string.match(text or '', '^(%x+) (%x+) (%d+) ([=!]) (%d+)\n')
  if not hash then return nil end
  return { hash = hash, config = config, at = tonumber(at), bytes = tonumber(bytes) }
end

local function push(key, hash, config, at, mark, bytes, changes)
  local line = string.format('%s %s %.0f %s %.0f\n', hash, config, at, mark, bytes)
  redis.call('RPUSH', key, line .. changes)
end

-- Notes content that is published over what is there; `changes` make it of the content with the hash `from`.
local function note(key, there, hash, config, at, from, changes)
  make_list(key)
  local last = read_entry(redis.call('LINDEX', key, -1))
  if last and last.config ~= config then
    redis.call('DEL', key)
    last = nil
  end
  if (last and last.hash == hash) or (there and there.hash == hash) then return end
  local bytes = last and last.bytes or 0
  if there and there.hash == from and not (last and last.hash == from) then
    -- Nothing leads there, but from there on changes are known.
    push(key, from, config, there.at, '!', bytes, '')
    last = { hash = from }
  end
  local follows = last and last.hash == from
  if not follows then changes = '' end
  bytes = bytes + #changes
  push(key, hash, config, at, follows and '=' or '!', bytes, changes)
  redis.call('LTRIM', key, -ENTRIES, -1)
  for _ = 1, ENTRIES do
    local first = read_entry(redis.call('LINDEX', key, 0))
    if first and bytes - first.bytes <= ENTRIES_BYTES and at - first.at <= ENTRIES_MS then break end
    redis.call('LPOP', key)
  end
  redis.call('PEXPIRE', key, ENTRIES_MS)
end

-- Keeps the snapshot that another one replaces.
local function keep(key, snapshot, hash)
  local old = text_of(snapshot)
  local of = string.match(old, '^{[^\n]*"hash":"(%x+)"')
  if not of or of == hash then return end
  make_list(key)
  redis.call('RPUSH', key, old)
  redis.call('LTRIM', key, -KEPT, -1)
  redis.call('PEXPIRE', key, KEPT_MS)
end
