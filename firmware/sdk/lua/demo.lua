--[[module
[module]
name = "demo"
id = 0x100
version = "1.0.0.0"
title = "demo module"

[functions]
0 = { name = "ECHO" }
1 = { name = "PUT", request = "key:b8 value!:*" }
2 = { name = "GET", request = "key:b8" }
3 = { name = "COUNT", answer = "count:u4" }

[errors]
0x01 = "permission denied by demo"
]]
local db = db_open("demo", DB_CREAT, 8, 0x100000)

local function put(command)
    if check_permission(0, 2) then error(0xB1000001) end
    local key, value = cmds_scanf("c8 *", command)
    db_insert(db, key, nil, value)
end

local function get(command)
    local key, public, secret = db_find(db, DB_EQUAL, command)
    return key and secret or error(E_DB_NOT_FOUND)
end

local function count()
    local found, key = 0, db_find(db, DB_GTEQ, ("\0"):rep(8))
    while key do found, key = found + 1, db_find(db, DB_GREATER, key) end
    return store_int4(found)
end

return { ECHO = function(command) return command end, PUT = put, GET = get, COUNT = count,
         stop = function() db_close(db) end }
