-- Gives a lease back, unless it is another's by now, and tells others of the origin. KEYS: lease, back-off, version. ARGV:
-- token, failures in a row (empty: nothing is known; 0 with no ms: it answers), ms to leave it alone, the version that must be
-- there (empty: any).

if ARGV[4] ~= '' and redis.pcall('GET', KEYS[3]) ~= ARGV[4] then return 0 end
if ARGV[2] ~= '' then
  if ARGV[3] == '0' then
    redis.call('DEL', KEYS[2])
  else
    redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
  end
end
if redis.pcall('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
