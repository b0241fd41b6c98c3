-- Publishes a snapshot's keys and the version that tells of them. KEYS: control, version, sync marker, snapshot, journal, what is
-- kept, values. ARGV: what is known of control, the load's epoch, its time, its configuration, when values expire, the version, when
-- that expires, its hash (empty: it has no journal), the hash of what the changes were made of, the changes, values. Gives a word,
-- control, and whether that was healed.

local e, control = lift(KEYS[1])
if e ~= tonumber(ARGV[4]) then return { 'epoch-moved', control, healed } end
if redis.call('EXISTS', KEYS[3]) == 1 then return { 'backend-syncing', control, healed } end

local there = read_version(text_of(KEYS[2]))
-- Who publishes over another configuration unlinks its values first, and its version with them.
if there and there.config ~= ARGV[6] then return { 'version-moved', control, healed } end
-- What is dated after now was written by a machine whose clock is wrong: it must not stop everyone until then.
if there and there.at <= milliseconds() + 60000 then
  local at = tonumber(ARGV[5])
  if there.epoch > e or (there.epoch == e and there.at > at) then
    return { 'newer-there', control, healed }
  end
end

-- What is told of it is there if it is, and only then.
if ARGV[10] ~= '' then
  note(KEYS[5], there, ARGV[10], ARGV[6], tonumber(ARGV[5]), ARGV[11], ARGV[12])
  keep(KEYS[6], KEYS[4], ARGV[10])
end
for i = 7, #KEYS do redis.call('SET', KEYS[i], ARGV[i + 6], 'PXAT', ARGV[7]) end
redis.call('SET', KEYS[2], ARGV[8], 'PXAT', ARGV[9])
return { 'published', control, healed }
