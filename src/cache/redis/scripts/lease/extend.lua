-- Lets a lease last on while its holder works. KEYS: lease. ARGV: token, ms.

if redis.pcall('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
