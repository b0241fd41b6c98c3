//! What Redis decides by itself, in Lua: each script is one step that nothing gets between (docs/platform.md, "Scripts are
//! atomic").

/// Publishes keys unless something forbids it: KEYS are epoch, fence, sync marker and the values' keys; ARGV the epoch
/// that was read first (empty for none), the lifetime in ms, and the values. The first value's key tells whether a
/// newer one is there: it would live longer.
pub const PUBLISH: &str = "\
local epoch = redis.call('GET', KEYS[1]) or ''
if epoch ~= ARGV[1] or redis.call('EXISTS', KEYS[2]) == 1 then return 'moved' end
if redis.call('EXISTS', KEYS[3]) == 1 then return 'syncing' end
if redis.call('PTTL', KEYS[4]) > tonumber(ARGV[2]) then return 'newer' end
for i = 4, #KEYS do redis.call('SET', KEYS[i], ARGV[i - 1], 'PX', ARGV[2]) end
return 'published'";

/// Deletes a key if it still holds our token.
pub const RELEASE: &str = "\
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0";

/// Raises the epoch (KEYS: epoch, barrier, fence). An epoch that is not there begins at `ARGV[1]`, the time in ms, so
/// that a Redis that lost its data never counts through the same numbers again. With `ARGV[2]` = 1 the barrier is
/// raised to it. `ARGV[3]` is how many ms the fence stands; 0 takes it down.
pub const RAISE: &str = "\
redis.call('SET', KEYS[1], ARGV[1], 'NX')
local epoch = redis.call('INCR', KEYS[1])
if ARGV[2] == '1' then redis.call('SET', KEYS[2], epoch) end
if ARGV[3] == '0' then redis.call('DEL', KEYS[3]) else redis.call('SET', KEYS[3], '1', 'PX', ARGV[3]) end
return epoch";
