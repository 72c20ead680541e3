function init() math.randomseed(os.time()) end
function request() return wrk.format("GET", "/items/" .. math.random(1, 100000)) end
