WITH typed AS (
  SELECT
    NULL AS file,
    datetime(CAST(ChargePeriodStart AS TIMESTAMP), 'UTC') AS starts,
    datetime(CAST(ChargePeriodEnd AS TIMESTAMP), 'UTC') AS ends,
    nullif(CAST(ProviderName AS STRING), '') AS provider_name,
    nullif(CAST(SubAccountId AS STRING), '') AS sub_account_id,
    nullif(CAST(ServiceName AS STRING), '') AS service_name,
    nullif(CAST(RegionId AS STRING), '') AS region_id,
    nullif(CAST(ChargeCategory AS STRING), '') AS charge_category,
    nullif(CAST(BillingCurrency AS STRING), '') AS billing_currency,
    nullif(CAST(BilledCost AS STRING), '') AS stated_billed_cost,
    nullif(CAST(EffectiveCost AS STRING), '') AS stated_effective_cost,
    nullif(CAST(ListCost AS STRING), '') AS stated_list_cost,
    nullif(CAST(ContractedCost AS STRING), '') AS stated_contracted_cost,
    nullif(CAST(CommitmentDiscountStatus AS STRING), '') AS rule_commitment_discount_status,
    nullif(CAST(ResourceId AS STRING), '') AS rule_resource_id,
    CASE
      WHEN abs(round(SAFE_CAST(CAST(BilledCost AS STRING) AS BIGNUMERIC), 12)) < 1000000000000000000000000
      THEN round(SAFE_CAST(CAST(BilledCost AS STRING) AS BIGNUMERIC), 12)
    END AS billed_cost,
    CASE
      WHEN abs(round(SAFE_CAST(CAST(EffectiveCost AS STRING) AS BIGNUMERIC), 12)) < 1000000000000000000000000
      THEN round(SAFE_CAST(CAST(EffectiveCost AS STRING) AS BIGNUMERIC), 12)
    END AS effective_cost,
    CASE
      WHEN abs(round(SAFE_CAST(CAST(ListCost AS STRING) AS BIGNUMERIC), 12)) < 1000000000000000000000000
      THEN round(SAFE_CAST(CAST(ListCost AS STRING) AS BIGNUMERIC), 12)
    END AS list_cost,
    CASE
      WHEN abs(round(SAFE_CAST(CAST(ContractedCost AS STRING) AS BIGNUMERIC), 12)) < 1000000000000000000000000
      THEN round(SAFE_CAST(CAST(ContractedCost AS STRING) AS BIGNUMERIC), 12)
    END AS contracted_cost,
    nullif(JSON_VALUE(Tags, '$.app'), '') AS tag_0,
    nullif(JSON_VALUE(Tags, '$."a.\\"b"'), '') AS tag_1,
    nullif(JSON_VALUE(Tags, '$.team'), '') AS tag_2,
    0 AS tags_size
  FROM billing.focus
  WHERE
    (
      datetime(CAST(ChargePeriodStart AS TIMESTAMP), 'UTC') IS NULL
      OR datetime(CAST(ChargePeriodEnd AS TIMESTAMP), 'UTC') IS NULL
      OR (
        datetime(CAST(ChargePeriodStart AS TIMESTAMP), 'UTC') >= CAST('2024-03-29 23:00:00' AS DATETIME)
        AND datetime(CAST(ChargePeriodStart AS TIMESTAMP), 'UTC') < CAST('2024-04-02 00:00:00' AS DATETIME)
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
        OR (
          INSTR(provider_name, CHR(  0)) > 0
        )
        OR (
          INSTR(sub_account_id, CHR(  0)) > 0
        )
        OR (
          INSTR(service_name, CHR(  0)) > 0
        )
        OR (
          INSTR(region_id, CHR(  0)) > 0
        )
        OR (
          INSTR(charge_category, CHR(  0)) > 0
        )
        OR (
          INSTR(billing_currency, CHR(  0)) > 0
        )
        OR (
          INSTR(tag_0, CHR(  0)) > 0
        )
        OR (
          INSTR(tag_1, CHR(  0)) > 0
        )
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
                      COALESCE(rule_resource_id LIKE 'i-\\%\\__\\\\!%', FALSE)
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
                        COALESCE(rule_resource_id LIKE 'i-\\%\\__\\\\!%', FALSE)
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
            WHEN ends >= starts + INTERVAL '24' HOUR
            THEN CAST(starts AS DATE)
            ELSE CASE
              WHEN starts >= CAST('2024-03-29 23:00:00' AS DATETIME)
              AND starts < CAST('2024-03-30 23:00:00' AS DATETIME)
              THEN CAST(starts + INTERVAL '3600' SECOND AS DATE)
              WHEN starts >= CAST('2024-03-30 23:00:00' AS DATETIME)
              AND starts < CAST('2024-03-31 22:00:00' AS DATETIME)
              THEN CAST('2024-03-31' AS DATE)
              WHEN starts >= CAST('2024-03-31 22:00:00' AS DATETIME)
              AND starts < CAST('2024-04-01 22:00:00' AS DATETIME)
              THEN CAST(starts + INTERVAL '7200' SECOND AS DATE)
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
