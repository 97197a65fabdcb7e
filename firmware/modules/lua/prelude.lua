-- What scripts have beside the services as they are: the shapes that are handy in Lua.
local find, open, auth_state, list_user = db_find, db_open, cmds_get_auth_state, cmds_list_user
local unpack, pack = string.unpack, string.pack

print = function(...)
    local words = table.pack(...)
    for i = 1, words.n do words[i] = tostring(words[i]) end
    os_log_print(table.concat(words, " "))
end
cmds_print = print

-- The handler runs after the error, not amid it, where no instruction would be counted.
function xpcall(called, handler, ...)
    local results = table.pack(pcall(called, ...))
    if results[1] then return table.unpack(results, 1, results.n) end
    return false, handler(results[2])
end

-- With a length of keys the database is made if it is not there (DB_CREAT).
function db_open(name, mode, keylen, maxsize)
    return (open(name, mode, keylen ~= nil, keylen or 0, maxsize or 0))
end

-- Key, open part and secret part of a record, or nothing when there is none.
function db_find(db, mode, key)
    local found, entries = pcall(find, db, mode, key)
    if found then
        local its_key, public, secret = unpack(">s2s4s4", entries)
        return its_key, public, secret
    end
    if entries ~= E_DB_NOT_FOUND then error(entries, 0) end
end

-- The permission, and the names of those who are logged on.
function cmds_get_auth_state()
    local permission, names = auth_state()
    local users = {}
    for name in names:gmatch("........") do users[#users + 1] = name end
    return permission, users
end

-- As in C: true when the caller lacks the level.
function check_permission(group, level)
    return (auth_state() >> (group << 2)) & 0xF < level
end

function cmds_list_user()
    local list, users, at = list_user(), {}, 1
    while at <= #list do
        local user = {}
        user.name, user.perm, user.mech, user.flags, user.att, at = unpack(">c8I4BBB", list, at)
        users[#users + 1] = user
    end
    return users
end

-- "u4 c8 v2 *": one value for each (u a number, c so many bytes, v bytes behind their length, * the rest).
function cmds_scanf(format, command)
    local values, at, count = {}, 1, 0
    local function take(length)
        if length > #command - at + 1 then error(E_CMDS_BAD_CMD, 0) end
        at = at + length
        return command:sub(at - length, at - 1)
    end
    for letter, digits in format:gmatch("([^%s%d])(%d*)") do
        local width, value = tonumber(digits), nil
        if letter == "*" then value = take(#command - at + 1)
        elseif letter ~= "u" and letter ~= "c" and letter ~= "v" then error(E_CMDS_BAD_FMT, 0)
        elseif not width or width < 1 or (letter ~= "c" and width > 4) then error(E_CMDS_FMT_LEN, 0)
        elseif letter == "c" then value = take(width)
        else
            value = unpack(">I" .. width, take(width))
            if letter == "v" then value = take(value) end
        end
        count = count + 1
        values[count] = value
    end
    if at <= #command then error(E_CMDS_DATA_LEN, 0) end
    return table.unpack(values, 1, count)
end

for width = 1, 4 do
    _ENV["store_int" .. width] = function(value) return pack(">I" .. width, value) end
    _ENV["load_int" .. width] = function(bytes) return (unpack(">I" .. width, bytes)) end
end
