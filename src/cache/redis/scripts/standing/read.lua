-- A read, so that a copy near by may answer.

return standing(1)
