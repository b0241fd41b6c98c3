-- Reads control where it is written: a copy that is behind does not answer a script that may write. KEYS: control.

local text = redis.pcall('GET', KEYS[1])
if type(text) == 'table' then return '' end
return text
