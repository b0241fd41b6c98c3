-- Notes what cron or an operator did, the latest last, in place of what was noted of it before, if that is the latest. What is no list
-- is replaced.

local function note_operation(key, most, text, replaces)
  local kind = redis.call('TYPE', key).ok
  if kind ~= 'list' and kind ~= 'none' then redis.call('DEL', key) end
  if replaces ~= '' and redis.call('LINDEX', key, -1) == replaces then
    redis.call('LTRIM', key, 0, -2)
  end
  redis.call('RPUSH', key, text)
  redis.call('LTRIM', key, -most, -1)
end
