-- cblof
SELECT
  "scored".*,
  "scored"."anomaly_score" > 0.9440023404059674e0 AS "is_anomaly"
FROM (
  SELECT
    "source".*,
    (
      SELECT
        CASE
          WHEN NOT "adsql_raw_0" IS NULL OR NOT "adsql_raw_1" IS NULL OR NOT "adsql_raw_2" IS NULL
          THEN CAST(SQRT(
            LEAST(
              (
                "adsql_feature_0" - 0.14231746507856238e0 + 1e-30 - 1e-30
              ) * (
                "adsql_feature_0" - 0.14231746507856238e0 + 1e-30 - 1e-30
              ) + (
                "adsql_feature_1" - 1.349e0 + 1e-30 - 1e-30
              ) * (
                "adsql_feature_1" - 1.349e0 + 1e-30 - 1e-30
              ) + (
                "adsql_feature_2" - 0.09538383838383835e0 + 1e-30 - 1e-30
              ) * (
                "adsql_feature_2" - 0.09538383838383835e0 + 1e-30 - 1e-30
              ),
              (
                "adsql_feature_0" - -1.1464300402839058e0 + 1e-30 - 1e-30
              ) * (
                "adsql_feature_0" - -1.1464300402839058e0 + 1e-30 - 1e-30
              ) + (
                "adsql_feature_1" - 0.0e0 + 1e-30 - 1e-30
              ) * (
                "adsql_feature_1" - 0.0e0 + 1e-30 - 1e-30
              ) + (
                "adsql_feature_2" - 0.4121944444444444e0 + 1e-30 - 1e-30
              ) * (
                "adsql_feature_2" - 0.4121944444444444e0 + 1e-30 - 1e-30
              ),
              (
                "adsql_feature_0" - -0.174863661359422e0 + 1e-30 - 1e-30
              ) * (
                "adsql_feature_0" - -0.174863661359422e0 + 1e-30 - 1e-30
              ) + (
                "adsql_feature_1" - 0.0e0 + 1e-30 - 1e-30
              ) * (
                "adsql_feature_1" - 0.0e0 + 1e-30 - 1e-30
              ) + (
                "adsql_feature_2" - -0.19985185185185184e0 + 1e-30 - 1e-30
              ) * (
                "adsql_feature_2" - -0.19985185185185184e0 + 1e-30 - 1e-30
              ),
              (
                "adsql_feature_0" - 1.077502428544025e0 + 1e-30 - 1e-30
              ) * (
                "adsql_feature_0" - 1.077502428544025e0 + 1e-30 - 1e-30
              ) + (
                "adsql_feature_1" - 0.0e0 + 1e-30 - 1e-30
              ) * (
                "adsql_feature_1" - 0.0e0 + 1e-30 - 1e-30
              ) + (
                "adsql_feature_2" - -0.23982222222222221e0 + 1e-30 - 1e-30
              ) * (
                "adsql_feature_2" - -0.23982222222222221e0 + 1e-30 - 1e-30
              ),
              (
                "adsql_feature_0" - 0.9243483598695572e0 + 1e-30 - 1e-30
              ) * (
                "adsql_feature_0" - 0.9243483598695572e0 + 1e-30 - 1e-30
              ) + (
                "adsql_feature_1" - 0.0e0 + 1e-30 - 1e-30
              ) * (
                "adsql_feature_1" - 0.0e0 + 1e-30 - 1e-30
              ) + (
                "adsql_feature_2" - 1.0192444444444444e0 + 1e-30 - 1e-30
              ) * (
                "adsql_feature_2" - 1.0192444444444444e0 + 1e-30 - 1e-30
              ),
              (
                "adsql_feature_0" - -0.0795650361276297e0 + 1e-30 - 1e-30
              ) * (
                "adsql_feature_0" - -0.0795650361276297e0 + 1e-30 - 1e-30
              ) + (
                "adsql_feature_1" - 3.4871144134728387e0 + 1e-30 - 1e-30
              ) * (
                "adsql_feature_1" - 3.4871144134728387e0 + 1e-30 - 1e-30
              ) + (
                "adsql_feature_2" - 0.7994074074074073e0 + 1e-30 - 1e-30
              ) * (
                "adsql_feature_2" - 0.7994074074074073e0 + 1e-30 - 1e-30
              )
            )
          ) AS DOUBLE PRECISION)
        END
      FROM (
        SELECT
          *,
          CASE
            WHEN "adsql_raw_0" - 12.548e0 <= -4830429948.10971e0
            THEN -1000000000.0e0
            WHEN 4830429948.10971e0 <= "adsql_raw_0" - 12.548e0
            THEN 1000000000.0e0
            WHEN ABS("adsql_raw_0" - 12.548e0) <= 1e-323
            THEN 0.0e0
            WHEN "adsql_raw_0" - 12.548e0 < 4830429948.10971e0
            THEN (
              "adsql_raw_0" - 12.548e0
            ) * 0.20702090926529834e0
            ELSE CAST(0.0e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_0",
          CASE
            WHEN "adsql_raw_1" IN ('Oslo')
            THEN 0.0e0
            WHEN "adsql_raw_1" IN ('Bern')
            THEN 1.349e0
            WHEN "adsql_raw_1" IN ('Rome')
            THEN 3.4871144134728387e0
            WHEN "adsql_raw_1" IS NULL
            THEN 0.0e0
            ELSE CAST(6.233171067699582e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_1",
          CASE
            WHEN "adsql_raw_2" - 4.0e0 <= -6671608598.962194e0
            THEN -1000000000.0e0
            WHEN 6671608598.962194e0 <= "adsql_raw_2" - 4.0e0
            THEN 1000000000.0e0
            WHEN ABS("adsql_raw_2" - 4.0e0) <= 1.5e-323
            THEN 0.0e0
            WHEN "adsql_raw_2" - 4.0e0 < 6671608598.962194e0
            THEN (
              "adsql_raw_2" - 4.0e0
            ) * 0.14988888888888888e0
            ELSE CAST(0.0e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_2"
        FROM (
          SELECT
            NULLIF(CAST("source"."amount" AS DOUBLE PRECISION), CAST('NaN' AS DOUBLE PRECISION)) AS "adsql_raw_0",
            CAST("source"."city" AS TEXT) AS "adsql_raw_1",
            NULLIF(CAST("source"."count" AS DOUBLE PRECISION), CAST('NaN' AS DOUBLE PRECISION)) AS "adsql_raw_2"
        ) AS "adsql_raw"
      ) AS "adsql_features"
    ) AS "anomaly_score"
  FROM trips AS "source"
) AS "scored";

-- copod
SELECT
  "scored".*,
  "scored"."anomaly_score" > 4.3868581792528865e0 AS "is_anomaly"
FROM (
  SELECT
    "source".*,
    (
      SELECT
        CASE
          WHEN NOT "adsql_raw_0" IS NULL OR NOT "adsql_raw_1" IS NULL OR NOT "adsql_raw_2" IS NULL
          THEN CAST(CASE
            WHEN "adsql_feature_0" < -0.25484273930558227e0
            THEN CASE
              WHEN "adsql_feature_0" <= -0.8879126798388646e0
              THEN CASE
                WHEN "adsql_feature_0" <= -1.1711172837137929e0
                THEN CASE
                  WHEN "adsql_feature_0" <= -1.4762661039708427e0
                  THEN CASE
                    WHEN "adsql_feature_0" <= -1.532161749472473e0
                    THEN CASE
                      WHEN "adsql_feature_0" < -1.532161749472473e0
                      THEN 1.856786033352154e0
                      ELSE CAST(1.8444397270569681e0 AS DOUBLE PRECISION)
                    END
                    ELSE CASE
                      WHEN "adsql_feature_0" < -1.4762661039708427e0
                      THEN 1.857098631049113e0
                      ELSE CAST(1.5105250407691404e0 AS DOUBLE PRECISION)
                    END
                  END
                  ELSE CASE
                    WHEN "adsql_feature_0" <= -1.2578590446959528e0
                    THEN CASE
                      WHEN "adsql_feature_0" < -1.2578590446959528e0
                      THEN 1.5235127839707707e0
                      ELSE CAST(1.3207802299166886e0 AS DOUBLE PRECISION)
                    END
                    ELSE CASE
                      WHEN "adsql_feature_0" < -1.1711172837137929e0
                      THEN 1.3341143534577693e0
                      ELSE CAST(1.1902733172318787e0 AS DOUBLE PRECISION)
                    END
                  END
                END
                ELSE CASE
                  WHEN "adsql_feature_0" <= -0.9291098407826589e0
                  THEN CASE
                    WHEN "adsql_feature_0" <= -1.0083988490312683e0
                    THEN CASE
                      WHEN "adsql_feature_0" < -1.0083988490312683e0
                      THEN 1.203972804325936e0
                      ELSE CAST(1.092401028668831e0 AS DOUBLE PRECISION)
                    END
                    ELSE CASE
                      WHEN "adsql_feature_0" < -0.9291098407826589e0
                      THEN 1.1064864671521792e0
                      ELSE CAST(1.015325688755202e0 AS DOUBLE PRECISION)
                    END
                  END
                  ELSE CASE
                    WHEN "adsql_feature_0" <= -0.9086147707653943e0
                    THEN CASE
                      WHEN "adsql_feature_0" < -0.9086147707653943e0
                      THEN 1.0298194571918282e0
                      ELSE CAST(0.952744117278199e0 AS DOUBLE PRECISION)
                    END
                    ELSE CASE
                      WHEN "adsql_feature_0" < -0.8879126798388646e0
                      THEN 0.9676705988530396e0
                      ELSE CAST(0.9009049025407783e0 AS DOUBLE PRECISION)
                    END
                  END
                END
              END
              ELSE CASE
                WHEN "adsql_feature_0" <= -0.40265566852100537e0
                THEN CASE
                  WHEN "adsql_feature_0" <= -0.5266611931709191e0
                  THEN CASE
                    WHEN "adsql_feature_0" <= -0.5274892768079802e0
                    THEN CASE
                      WHEN "adsql_feature_0" < -0.5274892768079802e0
                      THEN 0.916290731874155e0
                      ELSE CAST(0.8573992140459633e0 AS DOUBLE PRECISION)
                    END
                    ELSE CASE
                      WHEN "adsql_feature_0" < -0.5266611931709191e0
                      THEN 0.8732735632032534e0
                      ELSE CAST(0.8205933053743403e0 AS DOUBLE PRECISION)
                    END
                  END
                  ELSE CASE
                    WHEN "adsql_feature_0" <= -0.5190014195281029e0
                    THEN CASE
                      WHEN "adsql_feature_0" < -0.5190014195281029e0
                      THEN 0.8369882167858358e0
                      ELSE CAST(0.7893331268836732e0 AS DOUBLE PRECISION)
                    END
                    ELSE CASE
                      WHEN "adsql_feature_0" < -0.40265566852100537e0
                      THEN 0.806283902721514e0
                      ELSE CAST(0.7627782142266992e0 AS DOUBLE PRECISION)
                    END
                  END
                END
                ELSE CASE
                  WHEN "adsql_feature_0" <= -0.34800214847496636e0
                  THEN CASE
                    WHEN "adsql_feature_0" <= -0.35421277575292553e0
                    THEN CASE
                      WHEN "adsql_feature_0" < -0.35421277575292553e0
                      THEN 0.7803238741323343e0
                      ELSE CAST(0.740302520295566e0 AS DOUBLE PRECISION)
                    END
                    ELSE CASE
                      WHEN "adsql_feature_0" < -0.34800214847496636e0
                      THEN 0.7584863423810033e0
                      ELSE CAST(0.7214323563041425e0 AS DOUBLE PRECISION)
                    END
                  END
                  ELSE CASE
                    WHEN "adsql_feature_0" <= -0.2778220602340305e0
                    THEN CASE
                      WHEN "adsql_feature_0" < -0.2778220602340305e0
                      THEN 0.740302520295566e0
                      ELSE CAST(0.7058060845520902e0 AS DOUBLE PRECISION)
                    END
                    ELSE CAST(0.7254164411287309e0 AS DOUBLE PRECISION)
                  END
                END
              END
            END
            ELSE CASE
              WHEN "adsql_feature_0" <= 0.5202435449836947e0
              THEN CASE
                WHEN "adsql_feature_0" < -0.06272733550738557e0
                THEN CASE
                  WHEN "adsql_feature_0" < -0.17431160560138131e0
                  THEN CASE
                    WHEN "adsql_feature_0" < -0.23227746019566473e0
                    THEN CASE
                      WHEN "adsql_feature_0" <= -0.25484273930558227e0
                      THEN 0.6931471805599453e0
                      ELSE CAST(0.7135581778200728e0 AS DOUBLE PRECISION)
                    END
                    ELSE CASE
                      WHEN "adsql_feature_0" <= -0.23227746019566473e0
                      THEN 0.6832458669118555e0
                      ELSE CAST(0.7045256741212534e0 AS DOUBLE PRECISION)
                    END
                  END
                  ELSE CASE
                    WHEN "adsql_feature_0" < -0.10081918281220031e0
                    THEN CASE
                      WHEN "adsql_feature_0" <= -0.17431160560138131e0
                      THEN 0.6759464672012792e0
                      ELSE CAST(0.698172348486696e0 AS DOUBLE PRECISION)
                    END
                    ELSE CASE
                      WHEN "adsql_feature_0" <= -0.10081918281220031e0
                      THEN 0.6711387378515581e0
                      ELSE CAST(0.6943987456690046e0 AS DOUBLE PRECISION)
                    END
                  END
                END
                ELSE CASE
                  WHEN "adsql_feature_0" <= 0.33847918664876275e0
                  THEN CASE
                    WHEN "adsql_feature_0" <= 0.06272733550738557e0
                    THEN CASE
                      WHEN "adsql_feature_0" <= -0.06272733550738557e0
                      THEN 0.6687520984752293e0
                      ELSE CAST(0.6931471805599453e0 AS DOUBLE PRECISION)
                    END
                    ELSE CASE
                      WHEN "adsql_feature_0" <= 0.23144937655860362e0
                      THEN 0.7444404749474959e0
                      ELSE CAST(0.7985076962177716e0 AS DOUBLE PRECISION)
                    END
                  END
                  ELSE CASE
                    WHEN "adsql_feature_0" <= 0.3991363130634954e0
                    THEN CASE
                      WHEN "adsql_feature_0" <= 0.35628298484557847e0
                      THEN 0.8556661100577202e0
                      ELSE CAST(0.916290731874155e0 AS DOUBLE PRECISION)
                    END
                    ELSE CAST(0.9808292530117262e0 AS DOUBLE PRECISION)
                  END
                END
              END
              ELSE CASE
                WHEN "adsql_feature_0" <= 1.0396590063303284e0
                THEN CASE
                  WHEN "adsql_feature_0" <= 0.8119360061384999e0
                  THEN CASE
                    WHEN "adsql_feature_0" <= 0.6388665259927108e0
                    THEN CASE
                      WHEN "adsql_feature_0" <= 0.5604056013811628e0
                      THEN 1.0498221244986778e0
                      ELSE CAST(1.1239300966523995e0 AS DOUBLE PRECISION)
                    END
                    ELSE CASE
                      WHEN "adsql_feature_0" <= 0.7873005179359295e0
                      THEN 1.2039728043259361e0
                      ELSE CAST(1.2909841813155656e0 AS DOUBLE PRECISION)
                    END
                  END
                  ELSE CASE
                    WHEN "adsql_feature_0" <= 0.906130519854211e0
                    THEN CASE
                      WHEN "adsql_feature_0" <= 0.8765265298292733e0
                      THEN 1.3862943611198906e0
                      ELSE CAST(1.491654876777717e0 AS DOUBLE PRECISION)
                    END
                    ELSE CASE
                      WHEN "adsql_feature_0" <= 0.9591278726261274e0
                      THEN 1.6094379124341003e0
                      ELSE CAST(1.742969305058623e0 AS DOUBLE PRECISION)
                    END
                  END
                END
                ELSE CASE
                  WHEN "adsql_feature_0" <= 1.7122699405332824e0
                  THEN CASE
                    WHEN "adsql_feature_0" <= 1.3187231920199503e0
                    THEN CASE
                      WHEN "adsql_feature_0" <= 1.1806402455399967e0
                      THEN 1.8971199848858813e0
                      ELSE CAST(2.0794415416798357e0 AS DOUBLE PRECISION)
                    END
                    ELSE CASE
                      WHEN "adsql_feature_0" <= 1.335698906579705e0
                      THEN 2.3025850929940455e0
                      ELSE CAST(2.5902671654458267e0 AS DOUBLE PRECISION)
                    END
                  END
                  ELSE CASE
                    WHEN "adsql_feature_0" <= 80.21066533665838e0
                    THEN CASE
                      WHEN "adsql_feature_0" <= 1.744358181469404e0
                      THEN 2.995732273553991e0
                      ELSE CAST(3.6888794541139363e0 AS DOUBLE PRECISION)
                    END
                    ELSE CAST(3.713572066704308e0 AS DOUBLE PRECISION)
                  END
                END
              END
            END
          END + CASE
            WHEN "adsql_feature_1" <= 1.349e0
            THEN CASE
              WHEN "adsql_feature_1" <= 0.0e0
              THEN CASE WHEN "adsql_feature_1" < 0.0e0 THEN 1.856786033352154e0 ELSE CAST(0.25541281188299536e0 AS DOUBLE PRECISION) END
              ELSE CAST(0.916290731874155e0 AS DOUBLE PRECISION)
            END
            ELSE CASE
              WHEN "adsql_feature_1" <= 3.4871144134728387e0
              THEN 2.3025850929940455e0
              ELSE CAST(3.713572066704308e0 AS DOUBLE PRECISION)
            END
          END + CASE
            WHEN "adsql_feature_2" <= -0.14988888888888888e0
            THEN CASE
              WHEN "adsql_feature_2" < -0.44966666666666666e0
              THEN CASE
                WHEN "adsql_feature_2" <= -0.5995555555555555e0
                THEN CASE
                  WHEN "adsql_feature_2" < -0.5995555555555555e0
                  THEN 1.856786033352154e0
                  ELSE CAST(1.1512925464970227e0 AS DOUBLE PRECISION)
                END
                ELSE CAST(1.203972804325936e0 AS DOUBLE PRECISION)
              END
              ELSE CASE
                WHEN "adsql_feature_2" < -0.14988888888888888e0
                THEN CASE
                  WHEN "adsql_feature_2" <= -0.44966666666666666e0
                  THEN 0.7458274383888585e0
                  ELSE CAST(0.8369882167858358e0 AS DOUBLE PRECISION)
                END
                ELSE CAST(0.601986402162968e0 AS DOUBLE PRECISION)
              END
            END
            ELSE CASE
              WHEN "adsql_feature_2" <= 0.7494444444444445e0
              THEN CASE
                WHEN "adsql_feature_2" <= 0.0e0
                THEN CASE WHEN "adsql_feature_2" < 0.0e0 THEN 0.7135581778200728e0 ELSE CAST(0.5108256237659907e0 AS DOUBLE PRECISION) END
                ELSE CAST(0.9808292530117262e0 AS DOUBLE PRECISION)
              END
              ELSE CASE
                WHEN "adsql_feature_2" <= 1.199111111111111e0
                THEN CASE
                  WHEN "adsql_feature_2" <= 0.8993333333333333e0
                  THEN 1.3862943611198906e0
                  ELSE CAST(2.0794415416798357e0 AS DOUBLE PRECISION)
                END
                ELSE CAST(3.713572066704308e0 AS DOUBLE PRECISION)
              END
            END
          END AS DOUBLE PRECISION)
        END
      FROM (
        SELECT
          *,
          CASE
            WHEN "adsql_raw_0" - 12.548e0 <= -4830429948.10971e0
            THEN -1000000000.0e0
            WHEN 4830429948.10971e0 <= "adsql_raw_0" - 12.548e0
            THEN 1000000000.0e0
            WHEN ABS("adsql_raw_0" - 12.548e0) <= 1e-323
            THEN 0.0e0
            WHEN "adsql_raw_0" - 12.548e0 < 4830429948.10971e0
            THEN (
              "adsql_raw_0" - 12.548e0
            ) * 0.20702090926529834e0
            ELSE CAST(0.0e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_0",
          CASE
            WHEN "adsql_raw_1" IN ('Oslo')
            THEN 0.0e0
            WHEN "adsql_raw_1" IN ('Bern')
            THEN 1.349e0
            WHEN "adsql_raw_1" IN ('Rome')
            THEN 3.4871144134728387e0
            WHEN "adsql_raw_1" IS NULL
            THEN 0.0e0
            ELSE CAST(6.233171067699582e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_1",
          CASE
            WHEN "adsql_raw_2" - 4.0e0 <= -6671608598.962194e0
            THEN -1000000000.0e0
            WHEN 6671608598.962194e0 <= "adsql_raw_2" - 4.0e0
            THEN 1000000000.0e0
            WHEN ABS("adsql_raw_2" - 4.0e0) <= 1.5e-323
            THEN 0.0e0
            WHEN "adsql_raw_2" - 4.0e0 < 6671608598.962194e0
            THEN (
              "adsql_raw_2" - 4.0e0
            ) * 0.14988888888888888e0
            ELSE CAST(0.0e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_2"
        FROM (
          SELECT
            NULLIF(CAST("source"."amount" AS DOUBLE PRECISION), CAST('NaN' AS DOUBLE PRECISION)) AS "adsql_raw_0",
            CAST("source"."city" AS TEXT) AS "adsql_raw_1",
            NULLIF(CAST("source"."count" AS DOUBLE PRECISION), CAST('NaN' AS DOUBLE PRECISION)) AS "adsql_raw_2"
        ) AS "adsql_raw"
      ) AS "adsql_features"
    ) AS "anomaly_score"
  FROM trips AS "source"
) AS "scored";

-- ecod
SELECT
  "scored".*,
  "scored"."anomaly_score" > 5.148265070322868e0 AS "is_anomaly"
FROM (
  SELECT
    "source".*,
    (
      SELECT
        CASE
          WHEN NOT "adsql_raw_0" IS NULL OR NOT "adsql_raw_1" IS NULL OR NOT "adsql_raw_2" IS NULL
          THEN CAST(CASE
            WHEN "adsql_feature_0" <= 0.06272733550738557e0
            THEN CASE
              WHEN "adsql_feature_0" < -0.5190014195281029e0
              THEN CASE
                WHEN "adsql_feature_0" < -0.9291098407826589e0
                THEN CASE
                  WHEN "adsql_feature_0" < -1.2578590446959528e0
                  THEN CASE
                    WHEN "adsql_feature_0" < -1.4762661039708427e0
                    THEN CASE
                      WHEN "adsql_feature_0" < -1.532161749472473e0
                      THEN 3.713572066704308e0
                      ELSE CAST(3.6888794541139363e0 AS DOUBLE PRECISION)
                    END
                    ELSE CAST(2.995732273553991e0 AS DOUBLE PRECISION)
                  END
                  ELSE CASE
                    WHEN "adsql_feature_0" < -1.0083988490312683e0
                    THEN CASE
                      WHEN "adsql_feature_0" < -1.1711172837137929e0
                      THEN 2.5902671654458267e0
                      ELSE CAST(2.3025850929940455e0 AS DOUBLE PRECISION)
                    END
                    ELSE CAST(2.0794415416798357e0 AS DOUBLE PRECISION)
                  END
                END
                ELSE CASE
                  WHEN "adsql_feature_0" < -0.5274892768079802e0
                  THEN CASE
                    WHEN "adsql_feature_0" < -0.8879126798388646e0
                    THEN CASE
                      WHEN "adsql_feature_0" < -0.9086147707653943e0
                      THEN 1.8971199848858813e0
                      ELSE CAST(1.742969305058623e0 AS DOUBLE PRECISION)
                    END
                    ELSE CAST(1.6094379124341003e0 AS DOUBLE PRECISION)
                  END
                  ELSE CASE
                    WHEN "adsql_feature_0" < -0.5266611931709191e0
                    THEN 1.491654876777717e0
                    ELSE CAST(1.3862943611198906e0 AS DOUBLE PRECISION)
                  END
                END
              END
              ELSE CASE
                WHEN "adsql_feature_0" < -0.25484273930558227e0
                THEN CASE
                  WHEN "adsql_feature_0" < -0.34800214847496636e0
                  THEN CASE
                    WHEN "adsql_feature_0" < -0.35421277575292553e0
                    THEN CASE
                      WHEN "adsql_feature_0" < -0.40265566852100537e0
                      THEN 1.2909841813155656e0
                      ELSE CAST(1.2039728043259361e0 AS DOUBLE PRECISION)
                    END
                    ELSE CAST(1.1239300966523995e0 AS DOUBLE PRECISION)
                  END
                  ELSE CASE
                    WHEN "adsql_feature_0" < -0.2778220602340305e0
                    THEN 1.0498221244986778e0
                    ELSE CAST(0.9808292530117262e0 AS DOUBLE PRECISION)
                  END
                END
                ELSE CASE
                  WHEN "adsql_feature_0" < -0.10081918281220031e0
                  THEN CASE
                    WHEN "adsql_feature_0" < -0.17431160560138131e0
                    THEN CASE
                      WHEN "adsql_feature_0" < -0.23227746019566473e0
                      THEN 0.916290731874155e0
                      ELSE CAST(0.8556661100577202e0 AS DOUBLE PRECISION)
                    END
                    ELSE CAST(0.7985076962177716e0 AS DOUBLE PRECISION)
                  END
                  ELSE CASE
                    WHEN "adsql_feature_0" < -0.06272733550738557e0
                    THEN 0.7444404749474959e0
                    ELSE CAST(0.6931471805599453e0 AS DOUBLE PRECISION)
                  END
                END
              END
            END
            ELSE CASE
              WHEN "adsql_feature_0" <= 0.8765265298292733e0
              THEN CASE
                WHEN "adsql_feature_0" <= 0.5202435449836947e0
                THEN CASE
                  WHEN "adsql_feature_0" <= 0.35628298484557847e0
                  THEN CASE
                    WHEN "adsql_feature_0" <= 0.33847918664876275e0
                    THEN CASE
                      WHEN "adsql_feature_0" <= 0.23144937655860362e0
                      THEN 0.7444404749474959e0
                      ELSE CAST(0.7985076962177716e0 AS DOUBLE PRECISION)
                    END
                    ELSE CAST(0.8556661100577202e0 AS DOUBLE PRECISION)
                  END
                  ELSE CASE
                    WHEN "adsql_feature_0" <= 0.3991363130634954e0
                    THEN 0.916290731874155e0
                    ELSE CAST(0.9808292530117262e0 AS DOUBLE PRECISION)
                  END
                END
                ELSE CASE
                  WHEN "adsql_feature_0" <= 0.7873005179359295e0
                  THEN CASE
                    WHEN "adsql_feature_0" <= 0.6388665259927108e0
                    THEN CASE
                      WHEN "adsql_feature_0" <= 0.5604056013811628e0
                      THEN 1.0498221244986778e0
                      ELSE CAST(1.1239300966523995e0 AS DOUBLE PRECISION)
                    END
                    ELSE CAST(1.2039728043259361e0 AS DOUBLE PRECISION)
                  END
                  ELSE CASE
                    WHEN "adsql_feature_0" <= 0.8119360061384999e0
                    THEN 1.2909841813155656e0
                    ELSE CAST(1.3862943611198906e0 AS DOUBLE PRECISION)
                  END
                END
              END
              ELSE CASE
                WHEN "adsql_feature_0" <= 1.3187231920199503e0
                THEN CASE
                  WHEN "adsql_feature_0" <= 1.0396590063303284e0
                  THEN CASE
                    WHEN "adsql_feature_0" <= 0.9591278726261274e0
                    THEN CASE
                      WHEN "adsql_feature_0" <= 0.906130519854211e0
                      THEN 1.491654876777717e0
                      ELSE CAST(1.6094379124341003e0 AS DOUBLE PRECISION)
                    END
                    ELSE CAST(1.742969305058623e0 AS DOUBLE PRECISION)
                  END
                  ELSE CASE
                    WHEN "adsql_feature_0" <= 1.1806402455399967e0
                    THEN 1.8971199848858813e0
                    ELSE CAST(2.0794415416798357e0 AS DOUBLE PRECISION)
                  END
                END
                ELSE CASE
                  WHEN "adsql_feature_0" <= 1.744358181469404e0
                  THEN CASE
                    WHEN "adsql_feature_0" <= 1.7122699405332824e0
                    THEN CASE
                      WHEN "adsql_feature_0" <= 1.335698906579705e0
                      THEN 2.3025850929940455e0
                      ELSE CAST(2.5902671654458267e0 AS DOUBLE PRECISION)
                    END
                    ELSE CAST(2.995732273553991e0 AS DOUBLE PRECISION)
                  END
                  ELSE CASE
                    WHEN "adsql_feature_0" <= 80.21066533665838e0
                    THEN 3.6888794541139363e0
                    ELSE CAST(3.713572066704308e0 AS DOUBLE PRECISION)
                  END
                END
              END
            END
          END + CASE
            WHEN "adsql_feature_1" <= 1.349e0
            THEN CASE
              WHEN "adsql_feature_1" <= 0.0e0
              THEN CASE WHEN "adsql_feature_1" < 0.0e0 THEN 3.713572066704308e0 ELSE CAST(0.5108256237659907e0 AS DOUBLE PRECISION) END
              ELSE CAST(0.916290731874155e0 AS DOUBLE PRECISION)
            END
            ELSE CASE
              WHEN "adsql_feature_1" <= 3.4871144134728387e0
              THEN 2.3025850929940455e0
              ELSE CAST(3.713572066704308e0 AS DOUBLE PRECISION)
            END
          END + CASE
            WHEN "adsql_feature_2" <= 0.0e0
            THEN CASE
              WHEN "adsql_feature_2" < -0.14988888888888888e0
              THEN CASE
                WHEN "adsql_feature_2" < -0.44966666666666666e0
                THEN CASE
                  WHEN "adsql_feature_2" < -0.5995555555555555e0
                  THEN 3.713572066704308e0
                  ELSE CAST(2.3025850929940455e0 AS DOUBLE PRECISION)
                END
                ELSE CAST(1.3862943611198906e0 AS DOUBLE PRECISION)
              END
              ELSE CASE WHEN "adsql_feature_2" < 0.0e0 THEN 0.916290731874155e0 ELSE CAST(0.5108256237659907e0 AS DOUBLE PRECISION) END
            END
            ELSE CASE
              WHEN "adsql_feature_2" <= 0.8993333333333333e0
              THEN CASE
                WHEN "adsql_feature_2" <= 0.7494444444444445e0
                THEN 0.9808292530117262e0
                ELSE CAST(1.3862943611198906e0 AS DOUBLE PRECISION)
              END
              ELSE CASE
                WHEN "adsql_feature_2" <= 1.199111111111111e0
                THEN 2.0794415416798357e0
                ELSE CAST(3.713572066704308e0 AS DOUBLE PRECISION)
              END
            END
          END AS DOUBLE PRECISION)
        END
      FROM (
        SELECT
          *,
          CASE
            WHEN "adsql_raw_0" - 12.548e0 <= -4830429948.10971e0
            THEN -1000000000.0e0
            WHEN 4830429948.10971e0 <= "adsql_raw_0" - 12.548e0
            THEN 1000000000.0e0
            WHEN ABS("adsql_raw_0" - 12.548e0) <= 1e-323
            THEN 0.0e0
            WHEN "adsql_raw_0" - 12.548e0 < 4830429948.10971e0
            THEN (
              "adsql_raw_0" - 12.548e0
            ) * 0.20702090926529834e0
            ELSE CAST(0.0e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_0",
          CASE
            WHEN "adsql_raw_1" IN ('Oslo')
            THEN 0.0e0
            WHEN "adsql_raw_1" IN ('Bern')
            THEN 1.349e0
            WHEN "adsql_raw_1" IN ('Rome')
            THEN 3.4871144134728387e0
            WHEN "adsql_raw_1" IS NULL
            THEN 0.0e0
            ELSE CAST(6.233171067699582e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_1",
          CASE
            WHEN "adsql_raw_2" - 4.0e0 <= -6671608598.962194e0
            THEN -1000000000.0e0
            WHEN 6671608598.962194e0 <= "adsql_raw_2" - 4.0e0
            THEN 1000000000.0e0
            WHEN ABS("adsql_raw_2" - 4.0e0) <= 1.5e-323
            THEN 0.0e0
            WHEN "adsql_raw_2" - 4.0e0 < 6671608598.962194e0
            THEN (
              "adsql_raw_2" - 4.0e0
            ) * 0.14988888888888888e0
            ELSE CAST(0.0e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_2"
        FROM (
          SELECT
            NULLIF(CAST("source"."amount" AS DOUBLE PRECISION), CAST('NaN' AS DOUBLE PRECISION)) AS "adsql_raw_0",
            CAST("source"."city" AS TEXT) AS "adsql_raw_1",
            NULLIF(CAST("source"."count" AS DOUBLE PRECISION), CAST('NaN' AS DOUBLE PRECISION)) AS "adsql_raw_2"
        ) AS "adsql_raw"
      ) AS "adsql_features"
    ) AS "anomaly_score"
  FROM trips AS "source"
) AS "scored";

-- ensemble
-- [ADSQL_NO_SQL_FORM] ensemble: its member 'auto' has no SQL form. Allowed: cblof, copod, ecod, gmm, hbos, iforest, iqr, mad, mcd, pca, zscore. Do: train with other detectors, or score with anomaly_score

-- gmm
SELECT
  "scored".*,
  "scored"."anomaly_score" > 4.228792346101994e0 AS "is_anomaly"
FROM (
  SELECT
    "source".*,
    (
      SELECT
        CASE
          WHEN NOT "adsql_raw_0" IS NULL OR NOT "adsql_raw_1" IS NULL OR NOT "adsql_raw_2" IS NULL
          THEN CAST(LEAST(
            (
              (
                "adsql_feature_0" + 1e-30 - 1e-30
              ) * -0.46522431505028017e0 + (
                "adsql_feature_1" + 1e-30 - 1e-30
              ) * 0.05511750321646512e0 + (
                (
                  "adsql_feature_2" + 1e-30 - 1e-30
                ) * 0.04083903093615286e0 + -0.013588724042049744e0
              ) + 1e-30 - 1e-30
            ) * (
              (
                "adsql_feature_0" + 1e-30 - 1e-30
              ) * -0.46522431505028017e0 + (
                "adsql_feature_1" + 1e-30 - 1e-30
              ) * 0.05511750321646512e0 + (
                (
                  "adsql_feature_2" + 1e-30 - 1e-30
                ) * 0.04083903093615286e0 + -0.013588724042049744e0
              ) + 1e-30 - 1e-30
            ) + (
              (
                "adsql_feature_1" + 1e-30 - 1e-30
              ) * -1.1199040090522585e0 + (
                "adsql_feature_2" + 1e-30 - 1e-30
              ) * -0.13651838080092624e0 + 0.5022892579938292e0 + 1e-30 - 1e-30
            ) * (
              (
                "adsql_feature_1" + 1e-30 - 1e-30
              ) * -1.1199040090522585e0 + (
                "adsql_feature_2" + 1e-30 - 1e-30
              ) * -0.13651838080092624e0 + 0.5022892579938292e0 + 1e-30 - 1e-30
            ) + (
              (
                "adsql_feature_2" + 1e-30 - 1e-30
              ) * 1.1651386770746204e0 + -0.234517926616857e0 + 1e-30 - 1e-30
            ) * (
              (
                "adsql_feature_2" + 1e-30 - 1e-30
              ) * 1.1651386770746204e0 + -0.234517926616857e0 + 1e-30 - 1e-30
            ) - -2.3244598424727947e0,
            (
              (
                "adsql_feature_0" + 1e-30 - 1e-30
              ) * -0.5442828042511909e0 + (
                "adsql_feature_1" + 1e-30 - 1e-30
              ) * -5.59827176182865e-29 + (
                (
                  "adsql_feature_2" + 1e-30 - 1e-30
                ) * -0.7074733754215335e0 + 0.5186375044672799e0
              ) + 1e-30 - 1e-30
            ) * (
              (
                "adsql_feature_0" + 1e-30 - 1e-30
              ) * -0.5442828042511909e0 + (
                "adsql_feature_1" + 1e-30 - 1e-30
              ) * -5.59827176182865e-29 + (
                (
                  "adsql_feature_2" + 1e-30 - 1e-30
                ) * -0.7074733754215335e0 + 0.5186375044672799e0
              ) + 1e-30 - 1e-30
            ) + (
              (
                "adsql_feature_1" + 1e-30 - 1e-30
              ) * -6.4703354406277125e0 + (
                "adsql_feature_2" + 1e-30 - 1e-30
              ) * 4.007824471450032e-30 + 22.56279997501702e0 + 1e-30 - 1e-30
            ) * (
              (
                "adsql_feature_1" + 1e-30 - 1e-30
              ) * -6.4703354406277125e0 + (
                "adsql_feature_2" + 1e-30 - 1e-30
              ) * 4.007824471450032e-30 + 22.56279997501702e0 + 1e-30 - 1e-30
            ) + (
              (
                "adsql_feature_2" + 1e-30 - 1e-30
              ) * 1.155504383037224e0 + -0.5195983693805692e0 + 1e-30 - 1e-30
            ) * (
              (
                "adsql_feature_2" + 1e-30 - 1e-30
              ) * 1.155504383037224e0 + -0.5195983693805692e0 + 1e-30 - 1e-30
            ) - -2.590892896793218e0
          ) - LN(
            1.0e0 + EXP(
              GREATEST(
                0.0e0 - ABS(
                  (
                    (
                      "adsql_feature_0" + 1e-30 - 1e-30
                    ) * -0.46522431505028017e0 + (
                      "adsql_feature_1" + 1e-30 - 1e-30
                    ) * 0.05511750321646512e0 + (
                      (
                        "adsql_feature_2" + 1e-30 - 1e-30
                      ) * 0.04083903093615286e0 + -0.013588724042049744e0
                    ) + 1e-30 - 1e-30
                  ) * (
                    (
                      "adsql_feature_0" + 1e-30 - 1e-30
                    ) * -0.46522431505028017e0 + (
                      "adsql_feature_1" + 1e-30 - 1e-30
                    ) * 0.05511750321646512e0 + (
                      (
                        "adsql_feature_2" + 1e-30 - 1e-30
                      ) * 0.04083903093615286e0 + -0.013588724042049744e0
                    ) + 1e-30 - 1e-30
                  ) + (
                    (
                      "adsql_feature_1" + 1e-30 - 1e-30
                    ) * -1.1199040090522585e0 + (
                      "adsql_feature_2" + 1e-30 - 1e-30
                    ) * -0.13651838080092624e0 + 0.5022892579938292e0 + 1e-30 - 1e-30
                  ) * (
                    (
                      "adsql_feature_1" + 1e-30 - 1e-30
                    ) * -1.1199040090522585e0 + (
                      "adsql_feature_2" + 1e-30 - 1e-30
                    ) * -0.13651838080092624e0 + 0.5022892579938292e0 + 1e-30 - 1e-30
                  ) + (
                    (
                      "adsql_feature_2" + 1e-30 - 1e-30
                    ) * 1.1651386770746204e0 + -0.234517926616857e0 + 1e-30 - 1e-30
                  ) * (
                    (
                      "adsql_feature_2" + 1e-30 - 1e-30
                    ) * 1.1651386770746204e0 + -0.234517926616857e0 + 1e-30 - 1e-30
                  ) - -2.3244598424727947e0 - (
                    (
                      (
                        "adsql_feature_0" + 1e-30 - 1e-30
                      ) * -0.5442828042511909e0 + (
                        "adsql_feature_1" + 1e-30 - 1e-30
                      ) * -5.59827176182865e-29 + (
                        (
                          "adsql_feature_2" + 1e-30 - 1e-30
                        ) * -0.7074733754215335e0 + 0.5186375044672799e0
                      ) + 1e-30 - 1e-30
                    ) * (
                      (
                        "adsql_feature_0" + 1e-30 - 1e-30
                      ) * -0.5442828042511909e0 + (
                        "adsql_feature_1" + 1e-30 - 1e-30
                      ) * -5.59827176182865e-29 + (
                        (
                          "adsql_feature_2" + 1e-30 - 1e-30
                        ) * -0.7074733754215335e0 + 0.5186375044672799e0
                      ) + 1e-30 - 1e-30
                    ) + (
                      (
                        "adsql_feature_1" + 1e-30 - 1e-30
                      ) * -6.4703354406277125e0 + (
                        "adsql_feature_2" + 1e-30 - 1e-30
                      ) * 4.007824471450032e-30 + 22.56279997501702e0 + 1e-30 - 1e-30
                    ) * (
                      (
                        "adsql_feature_1" + 1e-30 - 1e-30
                      ) * -6.4703354406277125e0 + (
                        "adsql_feature_2" + 1e-30 - 1e-30
                      ) * 4.007824471450032e-30 + 22.56279997501702e0 + 1e-30 - 1e-30
                    ) + (
                      (
                        "adsql_feature_2" + 1e-30 - 1e-30
                      ) * 1.155504383037224e0 + -0.5195983693805692e0 + 1e-30 - 1e-30
                    ) * (
                      (
                        "adsql_feature_2" + 1e-30 - 1e-30
                      ) * 1.155504383037224e0 + -0.5195983693805692e0 + 1e-30 - 1e-30
                    ) - -2.590892896793218e0
                  )
                ),
                -700.0e0
              )
            )
          ) AS DOUBLE PRECISION)
        END
      FROM (
        SELECT
          *,
          CASE
            WHEN "adsql_raw_0" - 12.548e0 <= -4830429948.10971e0
            THEN -1000000000.0e0
            WHEN 4830429948.10971e0 <= "adsql_raw_0" - 12.548e0
            THEN 1000000000.0e0
            WHEN ABS("adsql_raw_0" - 12.548e0) <= 1e-323
            THEN 0.0e0
            WHEN "adsql_raw_0" - 12.548e0 < 4830429948.10971e0
            THEN (
              "adsql_raw_0" - 12.548e0
            ) * 0.20702090926529834e0
            ELSE CAST(0.0e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_0",
          CASE
            WHEN "adsql_raw_1" IN ('Oslo')
            THEN 0.0e0
            WHEN "adsql_raw_1" IN ('Bern')
            THEN 1.349e0
            WHEN "adsql_raw_1" IN ('Rome')
            THEN 3.4871144134728387e0
            WHEN "adsql_raw_1" IS NULL
            THEN 0.0e0
            ELSE CAST(6.233171067699582e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_1",
          CASE
            WHEN "adsql_raw_2" - 4.0e0 <= -6671608598.962194e0
            THEN -1000000000.0e0
            WHEN 6671608598.962194e0 <= "adsql_raw_2" - 4.0e0
            THEN 1000000000.0e0
            WHEN ABS("adsql_raw_2" - 4.0e0) <= 1.5e-323
            THEN 0.0e0
            WHEN "adsql_raw_2" - 4.0e0 < 6671608598.962194e0
            THEN (
              "adsql_raw_2" - 4.0e0
            ) * 0.14988888888888888e0
            ELSE CAST(0.0e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_2"
        FROM (
          SELECT
            NULLIF(CAST("source"."amount" AS DOUBLE PRECISION), CAST('NaN' AS DOUBLE PRECISION)) AS "adsql_raw_0",
            CAST("source"."city" AS TEXT) AS "adsql_raw_1",
            NULLIF(CAST("source"."count" AS DOUBLE PRECISION), CAST('NaN' AS DOUBLE PRECISION)) AS "adsql_raw_2"
        ) AS "adsql_raw"
      ) AS "adsql_features"
    ) AS "anomaly_score"
  FROM trips AS "source"
) AS "scored";

-- hbos
SELECT
  "scored".*,
  "scored"."anomaly_score" > 2.069118107066719e0 AS "is_anomaly"
FROM (
  SELECT
    "source".*,
    (
      SELECT
        CASE
          WHEN NOT "adsql_raw_0" IS NULL OR NOT "adsql_raw_1" IS NULL OR NOT "adsql_raw_2" IS NULL
          THEN CAST(CASE
            WHEN (
              "adsql_feature_0" - -1.532161749472473e0 + 1e-30 - 1e-30
            ) * 0.13456838209681088e0 + 1.0e0 < 11.0e0
            THEN CASE
              WHEN (
                "adsql_feature_0" - -1.532161749472473e0 + 1e-30 - 1e-30
              ) * 0.13456838209681088e0 + 1.0e0 < 2.0e0
              THEN CASE
                WHEN (
                  "adsql_feature_0" - -1.532161749472473e0 + 1e-30 - 1e-30
                ) * 0.13456838209681088e0 + 1.0e0 < 1.0e0
                THEN 3.321928094887362e0
                ELSE CAST(-0.13750352374993502e0 AS DOUBLE PRECISION)
              END
              ELSE CAST(3.321928094887362e0 AS DOUBLE PRECISION)
            END
            ELSE CASE
              WHEN (
                "adsql_feature_0" - -1.532161749472473e0 + 1e-30 - 1e-30
              ) * 0.13456838209681088e0 + 1.0e0 < 12.0e0
              THEN 2.9926204696344025e0
              ELSE CAST(3.321928094887362e0 AS DOUBLE PRECISION)
            END
          END + CASE
            WHEN (
              "adsql_feature_1" - 0.0e0 + 1e-30 - 1e-30
            ) * 2.580930512697702e0 + 1.0e0 < 5.0e0
            THEN CASE
              WHEN (
                "adsql_feature_1" - 0.0e0 + 1e-30 - 1e-30
              ) * 2.580930512697702e0 + 1.0e0 < 2.0e0
              THEN CASE
                WHEN (
                  "adsql_feature_1" - 0.0e0 + 1e-30 - 1e-30
                ) * 2.580930512697702e0 + 1.0e0 < 1.0e0
                THEN 3.321928094887362e0
                ELSE CAST(-0.13750352374993502e0 AS DOUBLE PRECISION)
              END
              ELSE CASE
                WHEN (
                  "adsql_feature_1" - 0.0e0 + 1e-30 - 1e-30
                ) * 2.580930512697702e0 + 1.0e0 < 4.0e0
                THEN 3.321928094887362e0
                ELSE CAST(0.7369655941662062e0 AS DOUBLE PRECISION)
              END
            END
            ELSE CASE
              WHEN (
                "adsql_feature_1" - 0.0e0 + 1e-30 - 1e-30
              ) * 2.580930512697702e0 + 1.0e0 < 10.0e0
              THEN CASE
                WHEN (
                  "adsql_feature_1" - 0.0e0 + 1e-30 - 1e-30
                ) * 2.580930512697702e0 + 1.0e0 < 9.0e0
                THEN 3.321928094887362e0
                ELSE CAST(1.9068905956085185e0 AS DOUBLE PRECISION)
              END
              ELSE CAST(3.321928094887362e0 AS DOUBLE PRECISION)
            END
          END + CASE
            WHEN (
              "adsql_feature_2" - -0.5995555555555555e0 + 1e-30 - 1e-30
            ) * 4.447739061527057e0 + 1.0e0 < 4.0e0
            THEN CASE
              WHEN (
                "adsql_feature_2" - -0.5995555555555555e0 + 1e-30 - 1e-30
              ) * 4.447739061527057e0 + 1.0e0 < 2.0e0
              THEN CASE
                WHEN (
                  "adsql_feature_2" - -0.5995555555555555e0 + 1e-30 - 1e-30
                ) * 4.447739061527057e0 + 1.0e0 < 1.0e0
                THEN 3.321928094887362e0
                ELSE CAST(-0.13750352374993502e0 AS DOUBLE PRECISION)
              END
              ELSE CASE
                WHEN (
                  "adsql_feature_2" - -0.5995555555555555e0 + 1e-30 - 1e-30
                ) * 4.447739061527057e0 + 1.0e0 < 3.0e0
                THEN 0.5145731728297583e0
                ELSE CAST(0.0e0 AS DOUBLE PRECISION)
              END
            END
            ELSE CASE
              WHEN (
                "adsql_feature_2" - -0.5995555555555555e0 + 1e-30 - 1e-30
              ) * 4.447739061527057e0 + 1.0e0 < 9.0e0
              THEN CASE
                WHEN (
                  "adsql_feature_2" - -0.5995555555555555e0 + 1e-30 - 1e-30
                ) * 4.447739061527057e0 + 1.0e0 < 6.0e0
                THEN 3.321928094887362e0
                ELSE CAST(0.7369655941662062e0 AS DOUBLE PRECISION)
              END
              ELSE CAST(3.321928094887362e0 AS DOUBLE PRECISION)
            END
          END AS DOUBLE PRECISION)
        END
      FROM (
        SELECT
          *,
          CASE
            WHEN "adsql_raw_0" - 12.548e0 <= -4830429948.10971e0
            THEN -1000000000.0e0
            WHEN 4830429948.10971e0 <= "adsql_raw_0" - 12.548e0
            THEN 1000000000.0e0
            WHEN ABS("adsql_raw_0" - 12.548e0) <= 1e-323
            THEN 0.0e0
            WHEN "adsql_raw_0" - 12.548e0 < 4830429948.10971e0
            THEN (
              "adsql_raw_0" - 12.548e0
            ) * 0.20702090926529834e0
            ELSE CAST(0.0e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_0",
          CASE
            WHEN "adsql_raw_1" IN ('Oslo')
            THEN 0.0e0
            WHEN "adsql_raw_1" IN ('Bern')
            THEN 1.349e0
            WHEN "adsql_raw_1" IN ('Rome')
            THEN 3.4871144134728387e0
            WHEN "adsql_raw_1" IS NULL
            THEN 0.0e0
            ELSE CAST(6.233171067699582e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_1",
          CASE
            WHEN "adsql_raw_2" - 4.0e0 <= -6671608598.962194e0
            THEN -1000000000.0e0
            WHEN 6671608598.962194e0 <= "adsql_raw_2" - 4.0e0
            THEN 1000000000.0e0
            WHEN ABS("adsql_raw_2" - 4.0e0) <= 1.5e-323
            THEN 0.0e0
            WHEN "adsql_raw_2" - 4.0e0 < 6671608598.962194e0
            THEN (
              "adsql_raw_2" - 4.0e0
            ) * 0.14988888888888888e0
            ELSE CAST(0.0e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_2"
        FROM (
          SELECT
            NULLIF(CAST("source"."amount" AS DOUBLE PRECISION), CAST('NaN' AS DOUBLE PRECISION)) AS "adsql_raw_0",
            CAST("source"."city" AS TEXT) AS "adsql_raw_1",
            NULLIF(CAST("source"."count" AS DOUBLE PRECISION), CAST('NaN' AS DOUBLE PRECISION)) AS "adsql_raw_2"
        ) AS "adsql_raw"
      ) AS "adsql_features"
    ) AS "anomaly_score"
  FROM trips AS "source"
) AS "scored";

-- iforest
SELECT
  "scored".*,
  "scored"."anomaly_score" > 0.6535265541390227e0 AS "is_anomaly"
FROM (
  SELECT
    "source".*,
    (
      SELECT
        CASE
          WHEN NOT "adsql_raw_0" IS NULL OR NOT "adsql_raw_1" IS NULL OR NOT "adsql_raw_2" IS NULL
          THEN CAST(EXP(
            GREATEST(
              (
                CASE
                  WHEN "adsql_feature_1" <= 0.3912581354379654e0
                  THEN CASE
                    WHEN "adsql_feature_2" <= 0.37604106962680817e0
                    THEN CASE
                      WHEN "adsql_feature_0" <= -0.9904969036579133e0
                      THEN 3.0e0
                      ELSE CASE WHEN "adsql_feature_0" <= 1.3251165747642515e0 THEN 5.8516559071392855e0 ELSE CAST(4.0e0 AS DOUBLE PRECISION) END
                    END
                    ELSE CASE WHEN "adsql_feature_0" <= 0.33969904482364655e0 THEN 3.0e0 ELSE CAST(3.0e0 AS DOUBLE PRECISION) END
                  END
                  ELSE CASE
                    WHEN "adsql_feature_1" <= 3.153629660606384e0
                    THEN CASE
                      WHEN "adsql_feature_2" <= 1.1792542338371275e0
                      THEN CASE WHEN "adsql_feature_2" <= 0.18553567677736282e0 THEN 6.3270200520428475e0 ELSE CAST(4.0e0 AS DOUBLE PRECISION) END
                      ELSE CAST(3.0e0 AS DOUBLE PRECISION)
                    END
                    ELSE CAST(2.0e0 AS DOUBLE PRECISION)
                  END
                END + CASE
                  WHEN "adsql_feature_1" <= 1.0815725922584534e0
                  THEN CASE
                    WHEN "adsql_feature_2" <= 0.23203640431165692e0
                    THEN CASE
                      WHEN "adsql_feature_0" <= -0.7450529634952546e0
                      THEN CASE WHEN "adsql_feature_0" <= -1.215502679347992e0 THEN 4.0e0 ELSE CAST(4.0e0 AS DOUBLE PRECISION) END
                      ELSE CASE WHEN "adsql_feature_2" <= -0.12109599635004997e0 THEN 4.0e0 ELSE CAST(4.0e0 AS DOUBLE PRECISION) END
                    END
                    ELSE CASE
                      WHEN "adsql_feature_2" <= 1.1751832365989683e0
                      THEN CASE WHEN "adsql_feature_0" <= -1.0981951355934145e0 THEN 4.0e0 ELSE CAST(4.0e0 AS DOUBLE PRECISION) END
                      ELSE CAST(3.0e0 AS DOUBLE PRECISION)
                    END
                  END
                  ELSE CASE
                    WHEN "adsql_feature_1" <= 2.1951068639755245e0
                    THEN CASE
                      WHEN "adsql_feature_2" <= 0.20740053802728653e0
                      THEN CASE WHEN "adsql_feature_2" <= -0.270381435751915e0 THEN 5.207392357589623e0 ELSE CAST(5.0e0 AS DOUBLE PRECISION) END
                      ELSE CASE WHEN "adsql_feature_2" <= 0.8950046002864837e0 THEN 4.0e0 ELSE CAST(4.0e0 AS DOUBLE PRECISION) END
                    END
                    ELSE CASE WHEN "adsql_feature_0" <= 0.6682800948619841e0 THEN 3.0e0 ELSE CAST(3.0e0 AS DOUBLE PRECISION) END
                  END
                END + CASE
                  WHEN "adsql_feature_1" <= 1.948975145816803e0
                  THEN CASE
                    WHEN "adsql_feature_0" <= -0.9003807008266449e0
                    THEN CASE
                      WHEN "adsql_feature_2" <= 0.14632340520620343e0
                      THEN 3.0e0
                      ELSE CASE WHEN "adsql_feature_0" <= -1.2413703799247742e0 THEN 4.0e0 ELSE CAST(4.0e0 AS DOUBLE PRECISION) END
                    END
                    ELSE CASE
                      WHEN "adsql_feature_1" <= 0.7824564278125763e0
                      THEN CASE WHEN "adsql_feature_2" <= 0.3937371224164962e0 THEN 5.8516559071392855e0 ELSE CAST(5.0e0 AS DOUBLE PRECISION) END
                      ELSE CASE WHEN "adsql_feature_0" <= -0.19529684633016586e0 THEN 5.0e0 ELSE CAST(5.8516559071392855e0 AS DOUBLE PRECISION) END
                    END
                  END
                  ELSE CAST(1.0e0 AS DOUBLE PRECISION)
                END + (
                  CASE
                    WHEN "adsql_feature_0" <= 1.1725077033042905e0
                    THEN CASE
                      WHEN "adsql_feature_1" <= 1.120443284511566e0
                      THEN CASE
                        WHEN "adsql_feature_0" <= -0.3379328101873398e0
                        THEN CASE WHEN "adsql_feature_0" <= -0.8162085711956024e0 THEN 5.0e0 ELSE CAST(5.0e0 AS DOUBLE PRECISION) END
                        ELSE CASE WHEN "adsql_feature_0" <= 0.3069665282964706e0 THEN 5.207392357589623e0 ELSE CAST(4.0e0 AS DOUBLE PRECISION) END
                      END
                      ELSE CASE
                        WHEN "adsql_feature_2" <= 0.14398612827062604e0
                        THEN CASE WHEN "adsql_feature_2" <= -0.2819186896085739e0 THEN 5.0e0 ELSE CAST(5.207392357589623e0 AS DOUBLE PRECISION) END
                        ELSE CAST(3.0e0 AS DOUBLE PRECISION)
                      END
                    END
                    ELSE CASE WHEN "adsql_feature_0" <= 1.2527521252632141e0 THEN 2.0e0 ELSE CAST(2.0e0 AS DOUBLE PRECISION) END
                  END + CASE
                    WHEN "adsql_feature_0" <= 23.59291172027588e0
                    THEN CASE
                      WHEN "adsql_feature_1" <= 0.39603631198406214e0
                      THEN CASE
                        WHEN "adsql_feature_2" <= 0.3244308084249496e0
                        THEN CASE WHEN "adsql_feature_2" <= -0.18074730783700946e0 THEN 5.207392357589623e0 ELSE CAST(4.0e0 AS DOUBLE PRECISION) END
                        ELSE CASE WHEN "adsql_feature_2" <= 0.9467749297618865e0 THEN 4.0e0 ELSE CAST(4.0e0 AS DOUBLE PRECISION) END
                      END
                      ELSE CASE
                        WHEN "adsql_feature_1" <= 2.933477520942688e0
                        THEN CASE WHEN "adsql_feature_2" <= 0.6880693733692169e0 THEN 6.7066404880045996e0 ELSE CAST(5.0e0 AS DOUBLE PRECISION) END
                        ELSE CAST(3.0e0 AS DOUBLE PRECISION)
                      END
                    END
                    ELSE CAST(1.0e0 AS DOUBLE PRECISION)
                  END
                ) + 1e-30 - 1e-30
              ) * -0.029523692741124482e0,
              -700.0e0
            )
          ) AS DOUBLE PRECISION)
        END
      FROM (
        SELECT
          *,
          CASE
            WHEN "adsql_raw_0" - 12.548e0 <= -4830429948.10971e0
            THEN -1000000000.0e0
            WHEN 4830429948.10971e0 <= "adsql_raw_0" - 12.548e0
            THEN 1000000000.0e0
            WHEN ABS("adsql_raw_0" - 12.548e0) <= 1e-323
            THEN 0.0e0
            WHEN "adsql_raw_0" - 12.548e0 < 4830429948.10971e0
            THEN (
              "adsql_raw_0" - 12.548e0
            ) * 0.20702090926529834e0
            ELSE CAST(0.0e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_0",
          CASE
            WHEN "adsql_raw_1" IN ('Oslo')
            THEN 0.0e0
            WHEN "adsql_raw_1" IN ('Bern')
            THEN 1.349e0
            WHEN "adsql_raw_1" IN ('Rome')
            THEN 3.4871144134728387e0
            WHEN "adsql_raw_1" IS NULL
            THEN 0.0e0
            ELSE CAST(6.233171067699582e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_1",
          CASE
            WHEN "adsql_raw_2" - 4.0e0 <= -6671608598.962194e0
            THEN -1000000000.0e0
            WHEN 6671608598.962194e0 <= "adsql_raw_2" - 4.0e0
            THEN 1000000000.0e0
            WHEN ABS("adsql_raw_2" - 4.0e0) <= 1.5e-323
            THEN 0.0e0
            WHEN "adsql_raw_2" - 4.0e0 < 6671608598.962194e0
            THEN (
              "adsql_raw_2" - 4.0e0
            ) * 0.14988888888888888e0
            ELSE CAST(0.0e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_2"
        FROM (
          SELECT
            NULLIF(CAST("source"."amount" AS DOUBLE PRECISION), CAST('NaN' AS DOUBLE PRECISION)) AS "adsql_raw_0",
            CAST("source"."city" AS TEXT) AS "adsql_raw_1",
            NULLIF(CAST("source"."count" AS DOUBLE PRECISION), CAST('NaN' AS DOUBLE PRECISION)) AS "adsql_raw_2"
        ) AS "adsql_raw"
      ) AS "adsql_features"
    ) AS "anomaly_score"
  FROM trips AS "source"
) AS "scored";

-- iqr
SELECT
  "scored".*,
  "scored"."anomaly_score" > 1.5849625007211556e0 AS "is_anomaly"
FROM (
  SELECT
    "source".*,
    (
      SELECT
        CASE
          WHEN NOT "adsql_raw_0" IS NULL OR NOT "adsql_raw_1" IS NULL OR NOT "adsql_raw_2" IS NULL
          THEN CAST(CASE
            WHEN "adsql_feature_0" < -0.5209163629388069e0
            THEN (
              -0.5209163629388069e0 - "adsql_feature_0" + 1e-30 - 1e-30
            ) / 1.3490000000000002e0
            WHEN 0.8280836370611933e0 < "adsql_feature_0"
            THEN (
              "adsql_feature_0" - 0.8280836370611933e0 + 1e-30 - 1e-30
            ) / 1.3490000000000002e0
            ELSE CAST(0.0e0 AS DOUBLE PRECISION)
          END + CASE
            WHEN "adsql_feature_1" < 0.0e0
            THEN (
              0.0e0 - "adsql_feature_1" + 1e-30 - 1e-30
            ) / 1.349e0
            WHEN 1.349e0 < "adsql_feature_1"
            THEN (
              "adsql_feature_1" - 1.349e0 + 1e-30 - 1e-30
            ) / 1.349e0
            ELSE CAST(0.0e0 AS DOUBLE PRECISION)
          END + CASE
            WHEN "adsql_feature_2" < -0.22483333333333333e0
            THEN (
              -0.22483333333333333e0 - "adsql_feature_2" + 1e-30 - 1e-30
            ) / 1.0117500000000001e0
            WHEN 0.7869166666666667e0 < "adsql_feature_2"
            THEN (
              "adsql_feature_2" - 0.7869166666666667e0 + 1e-30 - 1e-30
            ) / 1.0117500000000001e0
            ELSE CAST(0.0e0 AS DOUBLE PRECISION)
          END AS DOUBLE PRECISION)
        END
      FROM (
        SELECT
          *,
          CASE
            WHEN "adsql_raw_0" - 12.548e0 <= -4830429948.10971e0
            THEN -1000000000.0e0
            WHEN 4830429948.10971e0 <= "adsql_raw_0" - 12.548e0
            THEN 1000000000.0e0
            WHEN ABS("adsql_raw_0" - 12.548e0) <= 1e-323
            THEN 0.0e0
            WHEN "adsql_raw_0" - 12.548e0 < 4830429948.10971e0
            THEN (
              "adsql_raw_0" - 12.548e0
            ) * 0.20702090926529834e0
            ELSE CAST(0.0e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_0",
          CASE
            WHEN "adsql_raw_1" IN ('Oslo')
            THEN 0.0e0
            WHEN "adsql_raw_1" IN ('Bern')
            THEN 1.349e0
            WHEN "adsql_raw_1" IN ('Rome')
            THEN 3.4871144134728387e0
            WHEN "adsql_raw_1" IS NULL
            THEN 0.0e0
            ELSE CAST(6.233171067699582e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_1",
          CASE
            WHEN "adsql_raw_2" - 4.0e0 <= -6671608598.962194e0
            THEN -1000000000.0e0
            WHEN 6671608598.962194e0 <= "adsql_raw_2" - 4.0e0
            THEN 1000000000.0e0
            WHEN ABS("adsql_raw_2" - 4.0e0) <= 1.5e-323
            THEN 0.0e0
            WHEN "adsql_raw_2" - 4.0e0 < 6671608598.962194e0
            THEN (
              "adsql_raw_2" - 4.0e0
            ) * 0.14988888888888888e0
            ELSE CAST(0.0e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_2"
        FROM (
          SELECT
            NULLIF(CAST("source"."amount" AS DOUBLE PRECISION), CAST('NaN' AS DOUBLE PRECISION)) AS "adsql_raw_0",
            CAST("source"."city" AS TEXT) AS "adsql_raw_1",
            NULLIF(CAST("source"."count" AS DOUBLE PRECISION), CAST('NaN' AS DOUBLE PRECISION)) AS "adsql_raw_2"
        ) AS "adsql_raw"
      ) AS "adsql_features"
    ) AS "anomaly_score"
  FROM trips AS "source"
) AS "scored";

-- mad
SELECT
  "scored".*,
  "scored"."anomaly_score" > 2.2395449554735665e0 AS "is_anomaly"
FROM (
  SELECT
    "source".*,
    (
      SELECT
        CASE
          WHEN NOT "adsql_raw_0" IS NULL OR NOT "adsql_raw_1" IS NULL OR NOT "adsql_raw_2" IS NULL
          THEN CAST(SQRT(
            (
              (
                (
                  "adsql_feature_0" - 0.0e0 + 1e-30 - 1e-30
                ) * 0.9458776278241224e0 + 1e-30 - 1e-30
              ) * (
                (
                  "adsql_feature_0" - 0.0e0 + 1e-30 - 1e-30
                ) * 0.9458776278241224e0 + 1e-30 - 1e-30
              ) + (
                (
                  "adsql_feature_1" - 0.0e0 + 1e-30 - 1e-30
                ) * 1.0590289940063198e0 + 1e-30 - 1e-30
              ) * (
                (
                  "adsql_feature_1" - 0.0e0 + 1e-30 - 1e-30
                ) * 1.0590289940063198e0 + 1e-30 - 1e-30
              ) + (
                (
                  "adsql_feature_2" - 0.0e0 + 1e-30 - 1e-30
                ) * 1.499977205773347e0 + 1e-30 - 1e-30
              ) * (
                (
                  "adsql_feature_2" - 0.0e0 + 1e-30 - 1e-30
                ) * 1.499977205773347e0 + 1e-30 - 1e-30
              ) + 1e-30 - 1e-30
            ) / 3.0e0
          ) AS DOUBLE PRECISION)
        END
      FROM (
        SELECT
          *,
          CASE
            WHEN "adsql_raw_0" - 12.548e0 <= -4830429948.10971e0
            THEN -1000000000.0e0
            WHEN 4830429948.10971e0 <= "adsql_raw_0" - 12.548e0
            THEN 1000000000.0e0
            WHEN ABS("adsql_raw_0" - 12.548e0) <= 1e-323
            THEN 0.0e0
            WHEN "adsql_raw_0" - 12.548e0 < 4830429948.10971e0
            THEN (
              "adsql_raw_0" - 12.548e0
            ) * 0.20702090926529834e0
            ELSE CAST(0.0e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_0",
          CASE
            WHEN "adsql_raw_1" IN ('Oslo')
            THEN 0.0e0
            WHEN "adsql_raw_1" IN ('Bern')
            THEN 1.349e0
            WHEN "adsql_raw_1" IN ('Rome')
            THEN 3.4871144134728387e0
            WHEN "adsql_raw_1" IS NULL
            THEN 0.0e0
            ELSE CAST(6.233171067699582e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_1",
          CASE
            WHEN "adsql_raw_2" - 4.0e0 <= -6671608598.962194e0
            THEN -1000000000.0e0
            WHEN 6671608598.962194e0 <= "adsql_raw_2" - 4.0e0
            THEN 1000000000.0e0
            WHEN ABS("adsql_raw_2" - 4.0e0) <= 1.5e-323
            THEN 0.0e0
            WHEN "adsql_raw_2" - 4.0e0 < 6671608598.962194e0
            THEN (
              "adsql_raw_2" - 4.0e0
            ) * 0.14988888888888888e0
            ELSE CAST(0.0e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_2"
        FROM (
          SELECT
            NULLIF(CAST("source"."amount" AS DOUBLE PRECISION), CAST('NaN' AS DOUBLE PRECISION)) AS "adsql_raw_0",
            CAST("source"."city" AS TEXT) AS "adsql_raw_1",
            NULLIF(CAST("source"."count" AS DOUBLE PRECISION), CAST('NaN' AS DOUBLE PRECISION)) AS "adsql_raw_2"
        ) AS "adsql_raw"
      ) AS "adsql_features"
    ) AS "anomaly_score"
  FROM trips AS "source"
) AS "scored";

-- mcd
SELECT
  "scored".*,
  "scored"."anomaly_score" > 6.558685912365221e0 AS "is_anomaly"
FROM (
  SELECT
    "source".*,
    (
      SELECT
        CASE
          WHEN NOT "adsql_raw_0" IS NULL OR NOT "adsql_raw_1" IS NULL OR NOT "adsql_raw_2" IS NULL
          THEN CAST(SQRT(
            (
              (
                "adsql_feature_0" + 1e-30 - 1e-30
              ) * 1.1964493518831296e0 + (
                "adsql_feature_1" + 1e-30 - 1e-30
              ) * -0.2626080392784219e0 + (
                (
                  "adsql_feature_2" + 1e-30 - 1e-30
                ) * -0.020299488690505744e0 + 0.03343706220603746e0
              ) + 1e-30 - 1e-30
            ) * (
              (
                "adsql_feature_0" + 1e-30 - 1e-30
              ) * 1.1964493518831296e0 + (
                "adsql_feature_1" + 1e-30 - 1e-30
              ) * -0.2626080392784219e0 + (
                (
                  "adsql_feature_2" + 1e-30 - 1e-30
                ) * -0.020299488690505744e0 + 0.03343706220603746e0
              ) + 1e-30 - 1e-30
            ) + (
              (
                "adsql_feature_1" + 1e-30 - 1e-30
              ) * -0.93837108267495e0 + (
                "adsql_feature_2" + 1e-30 - 1e-30
              ) * -1.0106891918649399e0 + 0.33105954885444894e0 + 1e-30 - 1e-30
            ) * (
              (
                "adsql_feature_1" + 1e-30 - 1e-30
              ) * -0.93837108267495e0 + (
                "adsql_feature_2" + 1e-30 - 1e-30
              ) * -1.0106891918649399e0 + 0.33105954885444894e0 + 1e-30 - 1e-30
            ) + (
              (
                "adsql_feature_2" + 1e-30 - 1e-30
              ) * -4.447739065974794e0 + -0.9999999999999993e0 + 1e-30 - 1e-30
            ) * (
              (
                "adsql_feature_2" + 1e-30 - 1e-30
              ) * -4.447739065974794e0 + -0.9999999999999993e0 + 1e-30 - 1e-30
            )
          ) AS DOUBLE PRECISION)
        END
      FROM (
        SELECT
          *,
          CASE
            WHEN "adsql_raw_0" - 12.548e0 <= -4830429948.10971e0
            THEN -1000000000.0e0
            WHEN 4830429948.10971e0 <= "adsql_raw_0" - 12.548e0
            THEN 1000000000.0e0
            WHEN ABS("adsql_raw_0" - 12.548e0) <= 1e-323
            THEN 0.0e0
            WHEN "adsql_raw_0" - 12.548e0 < 4830429948.10971e0
            THEN (
              "adsql_raw_0" - 12.548e0
            ) * 0.20702090926529834e0
            ELSE CAST(0.0e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_0",
          CASE
            WHEN "adsql_raw_1" IN ('Oslo')
            THEN 0.0e0
            WHEN "adsql_raw_1" IN ('Bern')
            THEN 1.349e0
            WHEN "adsql_raw_1" IN ('Rome')
            THEN 3.4871144134728387e0
            WHEN "adsql_raw_1" IS NULL
            THEN 0.0e0
            ELSE CAST(6.233171067699582e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_1",
          CASE
            WHEN "adsql_raw_2" - 4.0e0 <= -6671608598.962194e0
            THEN -1000000000.0e0
            WHEN 6671608598.962194e0 <= "adsql_raw_2" - 4.0e0
            THEN 1000000000.0e0
            WHEN ABS("adsql_raw_2" - 4.0e0) <= 1.5e-323
            THEN 0.0e0
            WHEN "adsql_raw_2" - 4.0e0 < 6671608598.962194e0
            THEN (
              "adsql_raw_2" - 4.0e0
            ) * 0.14988888888888888e0
            ELSE CAST(0.0e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_2"
        FROM (
          SELECT
            NULLIF(CAST("source"."amount" AS DOUBLE PRECISION), CAST('NaN' AS DOUBLE PRECISION)) AS "adsql_raw_0",
            CAST("source"."city" AS TEXT) AS "adsql_raw_1",
            NULLIF(CAST("source"."count" AS DOUBLE PRECISION), CAST('NaN' AS DOUBLE PRECISION)) AS "adsql_raw_2"
        ) AS "adsql_raw"
      ) AS "adsql_features"
    ) AS "anomaly_score"
  FROM trips AS "source"
) AS "scored";

-- pca
SELECT
  "scored".*,
  "scored"."anomaly_score" > 6.984326805299801e0 AS "is_anomaly"
FROM (
  SELECT
    "source".*,
    (
      SELECT
        CASE
          WHEN NOT "adsql_raw_0" IS NULL OR NOT "adsql_raw_1" IS NULL OR NOT "adsql_raw_2" IS NULL
          THEN CAST((
            (
              "adsql_feature_0" + 1e-30 - 1e-30
            ) * 0.08203155503850701e0 + (
              "adsql_feature_1" + 1e-30 - 1e-30
            ) * -0.0958294857723021e0 + (
              (
                "adsql_feature_2" + 1e-30 - 1e-30
              ) * 0.35815046370356063e0 + -0.17190893774635663e0
            ) + 1e-30 - 1e-30
          ) * (
            (
              "adsql_feature_0" + 1e-30 - 1e-30
            ) * 0.08203155503850701e0 + (
              "adsql_feature_1" + 1e-30 - 1e-30
            ) * -0.0958294857723021e0 + (
              (
                "adsql_feature_2" + 1e-30 - 1e-30
              ) * 0.35815046370356063e0 + -0.17190893774635663e0
            ) + 1e-30 - 1e-30
          ) + (
            (
              "adsql_feature_1" + 1e-30 - 1e-30
            ) * -0.915325987412305e0 + (
              "adsql_feature_2" + 1e-30 - 1e-30
            ) * 0.04039913674118023e0 + 0.6812909216163975e0 + 1e-30 - 1e-30
          ) * (
            (
              "adsql_feature_1" + 1e-30 - 1e-30
            ) * -0.915325987412305e0 + (
              "adsql_feature_2" + 1e-30 - 1e-30
            ) * 0.04039913674118023e0 + 0.6812909216163975e0 + 1e-30 - 1e-30
          ) + (
            (
              "adsql_feature_2" + 1e-30 - 1e-30
            ) * 1.6260431311026786e0 + -0.33512297253378687e0 + 1e-30 - 1e-30
          ) * (
            (
              "adsql_feature_2" + 1e-30 - 1e-30
            ) * 1.6260431311026786e0 + -0.33512297253378687e0 + 1e-30 - 1e-30
          ) AS DOUBLE PRECISION)
        END
      FROM (
        SELECT
          *,
          CASE
            WHEN "adsql_raw_0" - 12.548e0 <= -4830429948.10971e0
            THEN -1000000000.0e0
            WHEN 4830429948.10971e0 <= "adsql_raw_0" - 12.548e0
            THEN 1000000000.0e0
            WHEN ABS("adsql_raw_0" - 12.548e0) <= 1e-323
            THEN 0.0e0
            WHEN "adsql_raw_0" - 12.548e0 < 4830429948.10971e0
            THEN (
              "adsql_raw_0" - 12.548e0
            ) * 0.20702090926529834e0
            ELSE CAST(0.0e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_0",
          CASE
            WHEN "adsql_raw_1" IN ('Oslo')
            THEN 0.0e0
            WHEN "adsql_raw_1" IN ('Bern')
            THEN 1.349e0
            WHEN "adsql_raw_1" IN ('Rome')
            THEN 3.4871144134728387e0
            WHEN "adsql_raw_1" IS NULL
            THEN 0.0e0
            ELSE CAST(6.233171067699582e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_1",
          CASE
            WHEN "adsql_raw_2" - 4.0e0 <= -6671608598.962194e0
            THEN -1000000000.0e0
            WHEN 6671608598.962194e0 <= "adsql_raw_2" - 4.0e0
            THEN 1000000000.0e0
            WHEN ABS("adsql_raw_2" - 4.0e0) <= 1.5e-323
            THEN 0.0e0
            WHEN "adsql_raw_2" - 4.0e0 < 6671608598.962194e0
            THEN (
              "adsql_raw_2" - 4.0e0
            ) * 0.14988888888888888e0
            ELSE CAST(0.0e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_2"
        FROM (
          SELECT
            NULLIF(CAST("source"."amount" AS DOUBLE PRECISION), CAST('NaN' AS DOUBLE PRECISION)) AS "adsql_raw_0",
            CAST("source"."city" AS TEXT) AS "adsql_raw_1",
            NULLIF(CAST("source"."count" AS DOUBLE PRECISION), CAST('NaN' AS DOUBLE PRECISION)) AS "adsql_raw_2"
        ) AS "adsql_raw"
      ) AS "adsql_features"
    ) AS "anomaly_score"
  FROM trips AS "source"
) AS "scored";

-- zscore
SELECT
  "scored".*,
  "scored"."anomaly_score" > 1.5343295793623568e0 AS "is_anomaly"
FROM (
  SELECT
    "source".*,
    (
      SELECT
        CASE
          WHEN NOT "adsql_raw_0" IS NULL OR NOT "adsql_raw_1" IS NULL OR NOT "adsql_raw_2" IS NULL
          THEN CAST(SQRT(
            (
              (
                (
                  "adsql_feature_0" - 2.0759590984078273e0 + 1e-30 - 1e-30
                ) * 0.07973870868763386e0 + 1e-30 - 1e-30
              ) * (
                (
                  "adsql_feature_0" - 2.0759590984078273e0 + 1e-30 - 1e-30
                ) * 0.07973870868763386e0 + 1e-30 - 1e-30
              ) + (
                (
                  "adsql_feature_1" - 0.7534114413472839e0 + 1e-30 - 1e-30
                ) * 0.9150436133239007e0 + 1e-30 - 1e-30
              ) * (
                (
                  "adsql_feature_1" - 0.7534114413472839e0 + 1e-30 - 1e-30
                ) * 0.9150436133239007e0 + 1e-30 - 1e-30
              ) + (
                (
                  "adsql_feature_2" - 0.2060972222222223e0 + 1e-30 - 1e-30
                ) * 1.6260431311026786e0 + 1e-30 - 1e-30
              ) * (
                (
                  "adsql_feature_2" - 0.2060972222222223e0 + 1e-30 - 1e-30
                ) * 1.6260431311026786e0 + 1e-30 - 1e-30
              ) + 1e-30 - 1e-30
            ) / 3.0e0
          ) AS DOUBLE PRECISION)
        END
      FROM (
        SELECT
          *,
          CASE
            WHEN "adsql_raw_0" - 12.548e0 <= -4830429948.10971e0
            THEN -1000000000.0e0
            WHEN 4830429948.10971e0 <= "adsql_raw_0" - 12.548e0
            THEN 1000000000.0e0
            WHEN ABS("adsql_raw_0" - 12.548e0) <= 1e-323
            THEN 0.0e0
            WHEN "adsql_raw_0" - 12.548e0 < 4830429948.10971e0
            THEN (
              "adsql_raw_0" - 12.548e0
            ) * 0.20702090926529834e0
            ELSE CAST(0.0e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_0",
          CASE
            WHEN "adsql_raw_1" IN ('Oslo')
            THEN 0.0e0
            WHEN "adsql_raw_1" IN ('Bern')
            THEN 1.349e0
            WHEN "adsql_raw_1" IN ('Rome')
            THEN 3.4871144134728387e0
            WHEN "adsql_raw_1" IS NULL
            THEN 0.0e0
            ELSE CAST(6.233171067699582e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_1",
          CASE
            WHEN "adsql_raw_2" - 4.0e0 <= -6671608598.962194e0
            THEN -1000000000.0e0
            WHEN 6671608598.962194e0 <= "adsql_raw_2" - 4.0e0
            THEN 1000000000.0e0
            WHEN ABS("adsql_raw_2" - 4.0e0) <= 1.5e-323
            THEN 0.0e0
            WHEN "adsql_raw_2" - 4.0e0 < 6671608598.962194e0
            THEN (
              "adsql_raw_2" - 4.0e0
            ) * 0.14988888888888888e0
            ELSE CAST(0.0e0 AS DOUBLE PRECISION)
          END AS "adsql_feature_2"
        FROM (
          SELECT
            NULLIF(CAST("source"."amount" AS DOUBLE PRECISION), CAST('NaN' AS DOUBLE PRECISION)) AS "adsql_raw_0",
            CAST("source"."city" AS TEXT) AS "adsql_raw_1",
            NULLIF(CAST("source"."count" AS DOUBLE PRECISION), CAST('NaN' AS DOUBLE PRECISION)) AS "adsql_raw_2"
        ) AS "adsql_raw"
      ) AS "adsql_features"
    ) AS "anomaly_score"
  FROM trips AS "source"
) AS "scored";
