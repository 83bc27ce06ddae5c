--[[
Adds grants that the ledger holds and Redis lacks: after a restart of Redis that lost its last
writes, when keys were lost, or when an event's earlier coupons were issued by another engine. Safe
to repeat. recount-grants.lua must follow: until then the counts are not those of the members.

KEYS[1] members: as in claim-batch.lua

ARGV: pairs of member and "rank:windowId:issuedAtMs", at most 1,000 pairs

Result: how many were added.
]]
local added = 0
for i = 1, #ARGV, 2 do
  added = added + redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 1])
end
return added
