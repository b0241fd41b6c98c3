-- Notes an operation, and keeps a report beside it. KEYS: a list, a report. ARGV: how many notes are kept, the note, what it replaces,
-- the report.

note_operation(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
if KEYS[2] then redis.call('SET', KEYS[2], ARGV[4]) end
return 1
