-- notifications
SELECT 1;
