function init() math.randomseed(os.time()) end
function request()
    local lat, lng = 22 + 23 * math.random(), 100 + 25 * math.random()
    return wrk.format("GET", string.format("/v1/stores?lat=%.5f&lng=%.5f&open_now=true&limit=20", lat, lng))
end
