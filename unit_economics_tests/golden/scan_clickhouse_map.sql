WITH typed AS (
  SELECT
    NULL AS file,
    CAST(ChargePeriodStart AS Nullable(DateTime64(6, 'UTC'))) AS starts,
    CAST(ChargePeriodEnd AS Nullable(DateTime64(6, 'UTC'))) AS ends,
    nullIf(CAST(ProviderName AS Nullable(String)), '') AS provider_name,
    nullIf(CAST(SubAccountId AS Nullable(String)), '') AS sub_account_id,
    nullIf(CAST(ServiceName AS Nullable(String)), '') AS service_name,
    nullIf(CAST(RegionId AS Nullable(String)), '') AS region_id,
    nullIf(CAST(ChargeCategory AS Nullable(String)), '') AS charge_category,
    nullIf(CAST(BillingCurrency AS Nullable(String)), '') AS billing_currency,
    nullIf(CAST(BilledCost AS Nullable(String)), '') AS stated_billed_cost,
    nullIf(CAST(EffectiveCost AS Nullable(String)), '') AS stated_effective_cost,
    nullIf(CAST(ListCost AS Nullable(String)), '') AS stated_list_cost,
    nullIf(CAST(ContractedCost AS Nullable(String)), '') AS stated_contracted_cost,
    nullIf(CAST(CommitmentDiscountStatus AS Nullable(String)), '') AS rule_commitment_discount_status,
    nullIf(CAST(ResourceId AS Nullable(String)), '') AS rule_resource_id,
    CASE
      WHEN abs(
        CAST(round(toDecimal256OrNull(toString(BilledCost), 24), 12) AS Nullable(Decimal(76, 12)))
      ) < 1000000000000000000000000
      THEN CAST(round(toDecimal256OrNull(toString(BilledCost), 24), 12) AS Nullable(Decimal(76, 12)))
    END AS billed_cost,
    CASE
      WHEN abs(
        CAST(round(toDecimal256OrNull(toString(EffectiveCost), 24), 12) AS Nullable(Decimal(76, 12)))
      ) < 1000000000000000000000000
      THEN CAST(round(toDecimal256OrNull(toString(EffectiveCost), 24), 12) AS Nullable(Decimal(76, 12)))
    END AS effective_cost,
    CASE
      WHEN abs(
        CAST(round(toDecimal256OrNull(toString(ListCost), 24), 12) AS Nullable(Decimal(76, 12)))
      ) < 1000000000000000000000000
      THEN CAST(round(toDecimal256OrNull(toString(ListCost), 24), 12) AS Nullable(Decimal(76, 12)))
    END AS list_cost,
    CASE
      WHEN abs(
        CAST(round(toDecimal256OrNull(toString(ContractedCost), 24), 12) AS Nullable(Decimal(76, 12)))
      ) < 1000000000000000000000000
      THEN CAST(round(toDecimal256OrNull(toString(ContractedCost), 24), 12) AS Nullable(Decimal(76, 12)))
    END AS contracted_cost,
    nullIf(Tags['app'], '') AS tag_0,
    nullIf(Tags['a."b'], '') AS tag_1,
    nullIf(Tags['team'], '') AS tag_2,
    0 AS tags_size
  FROM billing.focus
  WHERE
    (
      CAST(ChargePeriodStart AS Nullable(DateTime64(6, 'UTC'))) IS NULL
      OR CAST(ChargePeriodEnd AS Nullable(DateTime64(6, 'UTC'))) IS NULL
      OR (
        CAST(ChargePeriodStart AS Nullable(DateTime64(6, 'UTC'))) >= CAST('2024-03-29 23:00:00' AS Nullable(DateTime))
        AND CAST(ChargePeriodStart AS Nullable(DateTime64(6, 'UTC'))) < CAST('2024-04-02 00:00:00' AS Nullable(DateTime))
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
        OR NOT (
          charge_category IN ('Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment', 'n/a')
        )
        OR billing_currency IS NULL
        OR NOT (
          billing_currency IN (
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
        )
        OR POSITION(provider_name, CHAR(0)) > 0
        OR POSITION(sub_account_id, CHAR(0)) > 0
        OR POSITION(service_name, CHAR(0)) > 0
        OR POSITION(region_id, CHAR(0)) > 0
        OR POSITION(charge_category, CHAR(0)) > 0
        OR POSITION(billing_currency, CHAR(0)) > 0
        OR POSITION(tag_0, CHAR(0)) > 0
        OR POSITION(tag_1, CHAR(0)) > 0
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
                    COALESCE(tag_2 IN ('cart', 'it''s'), FALSE)
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
                  WHEN business_date >= CAST('2024-03-31' AS Nullable(DATE))
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
                      COALESCE(tag_2 IN ('cart', 'it''s'), FALSE)
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
                    WHEN business_date >= CAST('2024-03-31' AS Nullable(DATE))
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
            WHEN NOT (
              fault IS NULL
            )
            THEN NULL
            WHEN ends >= starts + INTERVAL '24' HOURS
            THEN CAST(starts AS Nullable(DATE))
            ELSE CASE
              WHEN starts >= CAST('2024-03-29 23:00:00' AS Nullable(DateTime))
              AND starts < CAST('2024-03-30 23:00:00' AS Nullable(DateTime))
              THEN CAST(starts + INTERVAL '3600' SECOND AS Nullable(DATE))
              WHEN starts >= CAST('2024-03-30 23:00:00' AS Nullable(DateTime))
              AND starts < CAST('2024-03-31 22:00:00' AS Nullable(DateTime))
              THEN CAST('2024-03-31' AS Nullable(DATE))
              WHEN starts >= CAST('2024-03-31 22:00:00' AS Nullable(DateTime))
              AND starts < CAST('2024-04-01 22:00:00' AS Nullable(DateTime))
              THEN CAST(starts + INTERVAL '7200' SECOND AS Nullable(DATE))
              ELSE CAST('0001-01-01' AS Nullable(DATE))
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
              WHEN list_cost IS NULL AND NOT (
                stated_list_cost IS NULL
              )
              THEN 'ListCost'
              WHEN contracted_cost IS NULL AND NOT (
                stated_contracted_cost IS NULL
              )
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
  OR business_date BETWEEN CAST('2024-03-30' AS Nullable(DATE)) AND CAST('2024-04-01' AS Nullable(DATE))
settings group_by_use_nulls = 1, session_timezone = 'UTC';
