-- orders
SELECT 1;
