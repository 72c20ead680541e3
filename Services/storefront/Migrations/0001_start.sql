-- storefront
SELECT 1;
