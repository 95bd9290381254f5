alter session set timezone = 'UTC';
WITH typed AS (
  SELECT
    NULL AS file,
    CAST(CONVERT_TIMEZONE('UTC', CAST(ChargePeriodStart AS TIMESTAMPTZ)) AS TIMESTAMPNTZ) AS starts,
    CAST(CONVERT_TIMEZONE('UTC', CAST(ChargePeriodEnd AS TIMESTAMPTZ)) AS TIMESTAMPNTZ) AS ends,
    NULLIF(CAST(ProviderName AS VARCHAR), '') AS provider_name,
    NULLIF(CAST(SubAccountId AS VARCHAR), '') AS sub_account_id,
    NULLIF(CAST(ServiceName AS VARCHAR), '') AS service_name,
    NULLIF(CAST(RegionId AS VARCHAR), '') AS region_id,
    NULLIF(CAST(ChargeCategory AS VARCHAR), '') AS charge_category,
    NULLIF(CAST(BillingCurrency AS VARCHAR), '') AS billing_currency,
    NULLIF(CAST(BilledCost AS VARCHAR), '') AS stated_billed_cost,
    NULLIF(CAST(EffectiveCost AS VARCHAR), '') AS stated_effective_cost,
    NULLIF(CAST(ListCost AS VARCHAR), '') AS stated_list_cost,
    NULLIF(CAST(ContractedCost AS VARCHAR), '') AS stated_contracted_cost,
    NULLIF(CAST(CommitmentDiscountStatus AS VARCHAR), '') AS rule_commitment_discount_status,
    NULLIF(CAST(ResourceId AS VARCHAR), '') AS rule_resource_id,
    CASE
      WHEN ABS(TRY_TO_NUMBER(TO_CHAR(BilledCost), 38, 12)) < 1000000000000000000000000
      THEN TRY_TO_NUMBER(TO_CHAR(BilledCost), 38, 12)
    END AS billed_cost,
    CASE
      WHEN ABS(TRY_TO_NUMBER(TO_CHAR(EffectiveCost), 38, 12)) < 1000000000000000000000000
      THEN TRY_TO_NUMBER(TO_CHAR(EffectiveCost), 38, 12)
    END AS effective_cost,
    CASE
      WHEN ABS(TRY_TO_NUMBER(TO_CHAR(ListCost), 38, 12)) < 1000000000000000000000000
      THEN TRY_TO_NUMBER(TO_CHAR(ListCost), 38, 12)
    END AS list_cost,
    CASE
      WHEN ABS(TRY_TO_NUMBER(TO_CHAR(ContractedCost), 38, 12)) < 1000000000000000000000000
      THEN TRY_TO_NUMBER(TO_CHAR(ContractedCost), 38, 12)
    END AS contracted_cost,
    NULLIF(CAST(GET(TRY_PARSE_JSON(Tags), 'app') AS VARCHAR), '') AS tag_0,
    NULLIF(CAST(GET(TRY_PARSE_JSON(Tags), 'a."b') AS VARCHAR), '') AS tag_1,
    NULLIF(CAST(GET(TRY_PARSE_JSON(Tags), 'team') AS VARCHAR), '') AS tag_2,
    0 AS tags_size
  FROM billing.focus
  WHERE
    (
      CAST(CONVERT_TIMEZONE('UTC', CAST(ChargePeriodStart AS TIMESTAMPTZ)) AS TIMESTAMPNTZ) IS NULL
      OR CAST(CONVERT_TIMEZONE('UTC', CAST(ChargePeriodEnd AS TIMESTAMPTZ)) AS TIMESTAMPNTZ) IS NULL
      OR (
        CAST(CONVERT_TIMEZONE('UTC', CAST(ChargePeriodStart AS TIMESTAMPTZ)) AS TIMESTAMPNTZ) >= CAST('2024-03-29 23:00:00' AS TIMESTAMPNTZ)
        AND CAST(CONVERT_TIMEZONE('UTC', CAST(ChargePeriodStart AS TIMESTAMPTZ)) AS TIMESTAMPNTZ) < CAST('2024-04-02 00:00:00' AS TIMESTAMPNTZ)
      )
    )
)
SELECT
  *
FROM (
  SELECT
    CASE
      WHEN business_date IS NULL
      OR is_total = 0
      AND (
        provider_name IS NULL
        OR charge_category IS NULL
        OR NOT charge_category IN ('Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment', 'n/a')
        OR billing_currency IS NULL
        OR NOT billing_currency IN (
          'AED',
          'AFN',
          'ALL',
          'AMD',
          'AOA',
          'ARS',
          'AUD',
          'AWG',
          'AZN',
          'BAM',
          'BBD',
          'BDT',
          'BHD',
          'BIF',
          'BMD',
          'BND',
          'BOB',
          'BRL',
          'BSD',
          'BTN',
          'BWP',
          'BYN',
          'BZD',
          'CAD',
          'CDF',
          'CHF',
          'CLP',
          'CNY',
          'COP',
          'CRC',
          'CUP',
          'CVE',
          'CZK',
          'DJF',
          'DKK',
          'DOP',
          'DZD',
          'EGP',
          'ERN',
          'ETB',
          'EUR',
          'FJD',
          'FKP',
          'GBP',
          'GEL',
          'GHS',
          'GIP',
          'GMD',
          'GNF',
          'GTQ',
          'GYD',
          'HKD',
          'HNL',
          'HTG',
          'HUF',
          'IDR',
          'ILS',
          'INR',
          'IQD',
          'IRR',
          'ISK',
          'JMD',
          'JOD',
          'JPY',
          'KES',
          'KGS',
          'KHR',
          'KMF',
          'KPW',
          'KRW',
          'KWD',
          'KYD',
          'KZT',
          'LAK',
          'LBP',
          'LKR',
          'LRD',
          'LSL',
          'LYD',
          'MAD',
          'MDL',
          'MGA',
          'MKD',
          'MMK',
          'MNT',
          'MOP',
          'MRU',
          'MUR',
          'MVR',
          'MWK',
          'MXN',
          'MYR',
          'MZN',
          'NAD',
          'NGN',
          'NIO',
          'NOK',
          'NPR',
          'NZD',
          'OMR',
          'PAB',
          'PEN',
          'PGK',
          'PHP',
          'PKR',
          'PLN',
          'PYG',
          'QAR',
          'RON',
          'RSD',
          'RUB',
          'RWF',
          'SAR',
          'SBD',
          'SCR',
          'SDG',
          'SEK',
          'SGD',
          'SHP',
          'SLE',
          'SOS',
          'SRD',
          'SSP',
          'STN',
          'SVC',
          'SYP',
          'SZL',
          'THB',
          'TJS',
          'TMT',
          'TND',
          'TOP',
          'TRY',
          'TTD',
          'TWD',
          'TZS',
          'UAH',
          'UGX',
          'USD',
          'UYU',
          'UZS',
          'VED',
          'VES',
          'VND',
          'VUV',
          'WST',
          'XAF',
          'XCD',
          'XCG',
          'XOF',
          'XPF',
          'YER',
          'ZAR',
          'ZMW',
          'ZWG',
          'ANG',
          'BGN',
          'HRK'
        )
        OR CONTAINS(provider_name, CHR(  0))
        OR CONTAINS(sub_account_id, CHR(  0))
        OR CONTAINS(service_name, CHR(  0))
        OR CONTAINS(region_id, CHR(  0))
        OR CONTAINS(charge_category, CHR(  0))
        OR CONTAINS(billing_currency, CHR(  0))
        OR CONTAINS(tag_0, CHR(  0))
        OR CONTAINS(tag_1, CHR(  0))
      )
      THEN 1
      ELSE 0
    END AS is_faulty,
    summed.*
  FROM (
    SELECT
      GROUPING(provider_name) AS is_total,
      business_date,
      provider_name,
      sub_account_id,
      service_name,
      region_id,
      charge_category,
      billing_currency,
      tag_0,
      tag_1,
      taken_0,
      is_untagged,
      SUM(billed_cost) AS billed_cost,
      SUM(effective_cost) AS effective_cost,
      SUM(list_cost) AS list_cost,
      SUM(contracted_cost) AS contracted_cost,
      COUNT(*) AS charge_rows,
      NULL AS file
    FROM (
      SELECT
        *,
        CASE
          WHEN (
            COALESCE(rule_commitment_discount_status = 'Unused', FALSE)
          )
          THEN 'unused_commitment'
          ELSE CASE
            WHEN CONCAT(
              COALESCE(
                CASE
                  WHEN (
                    COALESCE(tag_2 IN ('cart', 'it\'s'), FALSE)
                    AND NOT (
                      COALESCE(charge_category = 'Tax', FALSE)
                    )
                  )
                  THEN ',cart'
                  ELSE ''
                END,
                ''
              ),
              COALESCE(
                CASE
                  WHEN business_date >= CAST('2024-03-31' AS DATE)
                  AND (
                    (
                      COALESCE(rule_resource_id LIKE 'i-!%!__\\!!%' ESCAPE '!', FALSE)
                    )
                  )
                  THEN ',nodes'
                  ELSE ''
                END,
                ''
              ),
              ''
            ) = ''
            THEN 'unallocated'
            ELSE SUBSTRING(
              CONCAT(
                COALESCE(
                  CASE
                    WHEN (
                      COALESCE(tag_2 IN ('cart', 'it\'s'), FALSE)
                      AND NOT (
                        COALESCE(charge_category = 'Tax', FALSE)
                      )
                    )
                    THEN ',cart'
                    ELSE ''
                  END,
                  ''
                ),
                COALESCE(
                  CASE
                    WHEN business_date >= CAST('2024-03-31' AS DATE)
                    AND (
                      (
                        COALESCE(rule_resource_id LIKE 'i-!%!__\\!!%' ESCAPE '!', FALSE)
                      )
                    )
                    THEN ',nodes'
                    ELSE ''
                  END,
                  ''
                ),
                ''
              ),
              2
            )
          END
        END AS taken_0,
        (
          tag_0 IS NULL AND tag_1 IS NULL AND tag_2 IS NULL
        ) AS is_untagged
      FROM (
        SELECT
          *,
          CASE
            WHEN NOT fault IS NULL
            THEN NULL
            WHEN ends >= starts + INTERVAL '24 HOURS'
            THEN CAST(starts AS DATE)
            ELSE CASE
              WHEN starts >= CAST('2024-03-29 23:00:00' AS TIMESTAMPNTZ)
              AND starts < CAST('2024-03-30 23:00:00' AS TIMESTAMPNTZ)
              THEN CAST(starts + INTERVAL '3600 SECOND' AS DATE)
              WHEN starts >= CAST('2024-03-30 23:00:00' AS TIMESTAMPNTZ)
              AND starts < CAST('2024-03-31 22:00:00' AS TIMESTAMPNTZ)
              THEN CAST('2024-03-31' AS DATE)
              WHEN starts >= CAST('2024-03-31 22:00:00' AS TIMESTAMPNTZ)
              AND starts < CAST('2024-04-01 22:00:00' AS TIMESTAMPNTZ)
              THEN CAST(starts + INTERVAL '7200 SECOND' AS DATE)
              ELSE CAST('0001-01-01' AS DATE)
            END
          END AS business_date
        FROM (
          SELECT
            file,
            starts,
            ends,
            provider_name,
            sub_account_id,
            service_name,
            region_id,
            charge_category,
            billing_currency,
            tag_0,
            tag_1,
            tag_2,
            rule_commitment_discount_status,
            rule_resource_id,
            billed_cost,
            effective_cost,
            list_cost,
            contracted_cost,
            CASE
              WHEN starts IS NULL
              THEN 'ChargePeriodStart'
              WHEN ends IS NULL OR ends < starts
              THEN 'ChargePeriodEnd'
              WHEN billed_cost IS NULL
              THEN 'BilledCost'
              WHEN effective_cost IS NULL
              THEN 'EffectiveCost'
              WHEN list_cost IS NULL AND NOT stated_list_cost IS NULL
              THEN 'ListCost'
              WHEN contracted_cost IS NULL AND NOT stated_contracted_cost IS NULL
              THEN 'ContractedCost'
              WHEN tags_size > 1000000
              THEN 'Tags'
            END AS fault
          FROM (
            SELECT
              *
            FROM typed
          )
        )
      )
    )
    GROUP BY
      GROUPING SETS (
        (
          business_date,
          provider_name,
          sub_account_id,
          service_name,
          region_id,
          charge_category,
          billing_currency,
          tag_0,
          tag_1,
          taken_0,
          is_untagged
        ),
        (business_date, billing_currency)
      )
  ) AS summed
) AS judged
WHERE
  is_faulty = 1
  OR business_date BETWEEN CAST('2024-03-30' AS DATE) AND CAST('2024-04-01' AS DATE);
