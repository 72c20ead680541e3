wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"id":"itm_01jd4q8x9sfm7t3z5w6y8b2c4k","name":"葱油拌面","price":1600,"available":42,"open":true}'
