-- payments-sim
SELECT 1;
