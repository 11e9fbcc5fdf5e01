# Makes the golden files beside it: what R and its package psych say about data that this script draws, and about two
# small published tables. Run in this folder:  Rscript make.R
#
# Debian: r-base-core r-cran-psych r-cran-gparotation. Made with R 4.2.2 and psych 2.2.9. The tests read the files only.
#
# attitude.csv   Chatterjee, S. and Price, B. (1977). Regression Analysis by Example. Wiley, section 3.7: percentages of
#                favourable answers in 30 departments. In R as `attitude`.
# thurstone.csv  Correlations of nine tests: Thurstone, L. L. and Thurstone, T. G. (1941). Factorial Studies of
#                Intelligence. University of Chicago Press; as in McDonald, R. P. (1999). Test Theory. Erlbaum, table 9.
suppressMessages(library(psych))
set.seed(20, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")
options(warn = 1, digits = 15)

results <- NULL
say <- function(set, what, item, value) {
  results <<- rbind(results, data.frame(set, what, item, value = sprintf("%.12g", as.numeric(value))))
}

omega_of <- function(r, factors, n) {
  suppressWarnings(suppressMessages(omega(r, factors, flip = FALSE, plot = FALSE, n.obs = n)))$omega.tot
}

# Everything about one set of items that already point the same way. `n` for the interval, `low` and `high` per item.
describe_items <- function(set, x, use, n, low, high) {
  invisible(capture.output(a <- suppressWarnings(suppressMessages(
    alpha(x, use = use, warnings = FALSE, check.keys = FALSE)))))
  k <- ncol(x)
  covariance <- cov(x, use = use)
  say(set, "n", "", n)
  say(set, "alpha", "", a$total$raw_alpha)
  say(set, "standardised_alpha", "", a$total$std.alpha)
  say(set, "mean_inter_item", "", a$total$average_r)
  ci <- alpha.ci(a$total$raw_alpha, n, n.var = k)
  say(set, "alpha_low", "", ci$lower.ci)
  say(set, "alpha_high", "", ci$upper.ci)
  say(set, "sem_of_sum", "", sqrt(sum(covariance)) * sqrt(1 - a$total$raw_alpha))
  for (i in seq_len(k)) {
    if (k > 2) say(set, "alpha_if_dropped", colnames(x)[i], a$alpha.drop$raw_alpha[i])
    rest <- if (use == "pairwise") NA else cor(x[, i], rowSums(x[, -i, drop = FALSE]))
    if (!is.na(rest)) say(set, "item_rest", colnames(x)[i], rest)
  }
  if (k > 2) say(set, "omega_total", "", omega_of(cov2cor(covariance), 1, n))
  answered <- rowSums(!is.na(x)) == k
  say(set, "floor", "", mean(apply(x[answered, ], 1, function(row) all(row == low))))
  say(set, "ceiling", "", mean(apply(x[answered, ], 1, function(row) all(row == high))))
}

# ── five points, eight items, the third and seventh asked the other way round ──
n <- 240
loading <- c(.8, .7, .75, .6, .65, .5, .7, .55)
latent <- rnorm(n, .5, 1.3)
five <- sapply(loading, function(l) {
  cut(l * latent + sqrt(1 - l^2) * rnorm(n), c(-Inf, -1.2, -.4, .4, 1.2, Inf), labels = FALSE)
})
colnames(five) <- paste0("item_", 1:8)
straight <- five
five[, c(3, 7)] <- 6 - five[, c(3, 7)]
write.csv(five, "five_points.csv", row.names = FALSE, quote = FALSE)
describe_items("five_points", straight, "complete.obs", n, 1, 5)
describe_items("not_turned", five, "complete.obs", n, 1, 5)

# ── the same with gaps: those who answered everything, and every pair ──
gaps <- five
gaps[matrix(runif(length(gaps)) < .08, n)] <- NA
write.csv(gaps, "gaps.csv", row.names = FALSE, quote = FALSE, na = "")
turned <- gaps
turned[, c(3, 7)] <- 6 - turned[, c(3, 7)]
complete <- turned[complete.cases(turned), ]
describe_items("gaps_listwise", complete, "complete.obs", nrow(complete), 1, 5)
there <- !is.na(turned)
describe_items("gaps_pairwise", turned, "pairwise", min(crossprod(there)), 1, 5)

# ── scores of the same answers, in base R ──
up <- function(x, digits) floor(x * 10^digits + .5 + 1e-9) / 10^digits
k <- ncol(turned)
answered <- rowSums(there)
means <- rowMeans(turned, na.rm = TRUE)
table_from <- 8:40
table_to <- round(100 * ((table_from - 8) / 32)^1.3, 2)
scores <- data.frame(
  answered,
  mean_6_of_8 = ifelse(answered >= 6, means, NA),
  mean_rounded = up(ifelse(answered >= 6, means, NA), 2),
  sum_prorated = ifelse(answered >= 5, means * k, NA),
  sum_whole = rowSums(turned),
  hundred = ifelse(answered >= 7, (means - 1) / 4 * 100, NA),
  table_whole = table_to[match(rowSums(turned), table_from)],
  table_prorated = table_to[match(up(ifelse(answered >= 5, means * k, NA), 0), table_from)]
)
write.csv(format(scores, digits = 15, trim = TRUE, scientific = FALSE), "scores.csv", row.names = FALSE, quote = FALSE)
write.csv(data.frame(raw = table_from, value = table_to), "table.csv", row.names = FALSE, quote = FALSE)

# ── two items: Spearman-Brown ──
pair <- straight[, 1:2]
describe_items("two_items", pair, "complete.obs", n, 1, 5)
r <- cor(pair)[1, 2]
say("two_items", "spearman_brown", "", 2 * r / (1 + r))

# ── published tables ──
write.csv(attitude, "attitude.csv", row.names = FALSE, quote = FALSE)
describe_items("attitude", as.matrix(attitude), "complete.obs", 30, 0, 100)
wrong <- as.matrix(attitude)
wrong[, c("complaints", "critical")] <- 100 - wrong[, c("complaints", "critical")]
describe_items("attitude_wrong", wrong, "complete.obs", 30, 0, 100)

write.csv(Thurstone, "thurstone.csv", row.names = FALSE, quote = FALSE)
invisible(capture.output(a <- suppressMessages(alpha(as.matrix(Thurstone)))))
say("thurstone", "standardised_alpha", "", a$total$std.alpha)
for (factors in 1:3) say("thurstone", "omega_total", factors, omega_of(Thurstone, factors, 213))
for (factors in 1:3) {
  solution <- suppressWarnings(fa(Thurstone, factors, rotate = "none", fm = "minres"))
  for (i in 1:9) say(paste0("thurstone_", factors), "uniqueness", i, solution$uniquenesses[i])
}

# ── Feldt's interval ──
for (row in list(c(.74, 100, 4), c(.9, 30, 2), c(.2, 2500, 12), c(-.3, 50, 5))) {
  ci <- alpha.ci(row[1], row[2], n.var = row[3])
  name <- paste(row, collapse = " ")
  say("feldt", "alpha_low", name, ci$lower.ci)
  say("feldt", "alpha_high", name, ci$upper.ci)
}
write.csv(results, "results.csv", row.names = FALSE, quote = FALSE)
