--[[
Adds grants that the ledger holds and Redis lacks: after a restart of Redis that lost its last
writes, or when an event's earlier coupons were issued by another engine. Safe to repeat.

KEYS[1] state, KEYS[2] members: as in claim-batch.lua

ARGV: pairs of member and "rank:windowId:issuedAtMs", at most 1,000 pairs

Result: how many were added.
]]
local issued = tonumber(redis.call('HGET', KEYS[1], 'issued') or '0')
local added = 0
for i = 1, #ARGV, 2 do
  if redis.call('HSETNX', KEYS[2], ARGV[i], ARGV[i + 1]) == 1 then
    local rank, windowId = string.match(ARGV[i + 1], '^(%d+):(%d+):')
    redis.call('HINCRBY', KEYS[1], 'w:' .. windowId, 1)
    issued = math.max(issued, tonumber(rank))
    added = added + 1
  end
end
redis.call('HSET', KEYS[1], 'issued', issued)
return added
