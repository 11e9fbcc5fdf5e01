# Makes the golden files beside it: what R says about mixed models, robust standard errors, effect sizes and corrections,
# for a data set that this script draws (schools.csv) and for small published ones. `make golden` runs it.
#
# Debian: r-base-core r-cran-lme4 r-cran-lmertest r-cran-clubsandwich r-cran-effectsize r-cran-nlme
#         r-cran-psych.
# Made with R 4.2.2, lme4 1.1-31, lmerTest 3.1-3, clubSandwich 0.5.8, effectsize 0.8.3. The tests read the files only.
#
# Published data, as they come with R's packages:
#   rail       Devore, J. L. (2000). Probability and Statistics for Engineering and the Sciences; nlme::Rail
#   dyestuff   Davies, O. L. and Goldsmith, P. L. (1972). Statistical Methods in Research and Production; lme4::Dyestuff
#   dyestuff2  Box, G. E. P. and Tiao, G. C. (1973). Bayesian Inference in Statistical Analysis; lme4::Dyestuff2
#   ergostool  Wretenberg, P., Arborelius, U. P. and Lindberg, F. (1993). Ergonomics, 36, 413-418; nlme::ergoStool
#   orthodont  Potthoff, R. F. and Roy, S. N. (1964). Biometrika, 51, 313-326; nlme::Orthodont
#   machines   Milliken, G. A. and Johnson, D. E. (1992). Analysis of Messy Data; nlme::Machines
#   sleep      Belenky, G. et al. (2003). Journal of Sleep Research, 12, 1-12; lme4::sleepstudy
suppressMessages({ library(lme4); library(lmerTest); library(clubSandwich); library(effectsize) })
set.seed(9, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")
options(warn = 1, digits = 15)

results <- NULL
say <- function(set, what, item, value) {
  results <<- rbind(results, data.frame(set, what, item, value = sprintf("%.12g", as.numeric(value))))
}
keep <- function(data, name) write.csv(data, paste0(name, ".csv"), row.names = FALSE, quote = FALSE)
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-8, maxfun = 1e5),
                     check.conv.singular = "ignore", check.conv.grad = "ignore")

# A random intercept, with lmerTest's Satterthwaite degrees of freedom, and robust least squares beside it.
mixed <- function(set, formula, data, cluster) {
  whole <- update(formula, paste(". ~ . + (1 |", cluster, ")"))
  model <- lmer(whole, data, control = tight)
  found <- summary(model)$coefficients
  variances <- as.data.frame(VarCorr(model))$vcov
  say(set, "rows", "", nobs(model))
  say(set, "between", "", variances[1])
  say(set, "within", "", variances[2])
  flat <- lm(formula, data)
  used <- data[[cluster]][as.integer(rownames(model.frame(flat)))]
  sandwich <- coef_test(flat, vcov = "CR2", cluster = used, test = "Satterthwaite")
  for (i in seq_len(nrow(found))) {
    at <- as.character(i - 1)
    say(set, "coefficient", at, found[i, "Estimate"])
    say(set, "se", at, found[i, "Std. Error"])
    if (!isSingular(model)) say(set, "df", at, found[i, "df"])
    say(set, "robust_coefficient", at, coef(flat)[i])
    say(set, "robust_se", at, sandwich$SE[i])
    say(set, "robust_df", at, sandwich$df[i])
  }
}

# ── a study of our own ───────────────────────────────────────────────────────────────────────────────────────────
sizes <- c(3, 41, 12, 25, 8, 30, 19, 5, 22, 36, 14, 9, 27, 18, 6, 33, 11, 21)
school <- rep(seq_along(sizes), sizes)
n <- length(school)
programme <- as.integer(school %% 2 == 0)
years <- round(ifelse(programme == 1, runif(n, 0, 4), 0), 1)
baseline <- round(10 + 2 * rnorm(length(sizes))[school] * 0.4 + 2 * rnorm(n), 1)
enjoyment <- round(3 + 0.3 * programme + 0.4 * rnorm(length(sizes))[school] + 0.15 * (baseline - 10) + 0.8 * rnorm(n), 2)
confidence <- round(50 + 12 * rnorm(length(sizes))[school] - 2 * programme + 2 * (baseline - 10) + 15 * rnorm(n))
noise <- round(rnorm(n), 2)
girl <- as.integer(runif(n) < 0.5)
enjoyment[sample(n, 30)] <- NA
baseline[sample(n, 25)] <- NA
confidence[programme == 1 & runif(n) < 0.2] <- NA
schools <- data.frame(school, programme, girl, years, baseline, enjoyment, confidence, noise)
keep(schools, "schools")
for (outcome in c("enjoyment", "confidence", "noise")) {
  both <- schools[!is.na(schools$baseline) & !is.na(schools[[outcome]]), ]
  rownames(both) <- NULL
  alone <- schools[!is.na(schools[[outcome]]), ]
  rownames(alone) <- NULL
  mixed(paste0(outcome, "_alone"), reformulate("programme", outcome), alone, "school")
  mixed(paste0(outcome, "_same_rows"), reformulate("programme", outcome), both, "school")
  mixed(paste0(outcome, "_adjusted"), reformulate(c("programme", "baseline"), outcome), both, "school")
  mixed(paste0(outcome, "_girls"), reformulate(c("girl", "programme", "girl:programme"), outcome), alone, "school")
  only <- alone[alone$programme == 1, ]
  rownames(only) <- NULL
  mixed(paste0(outcome, "_years"), reformulate("years", outcome), only, "school")
  g <- cohens_d(alone[[outcome]][alone$programme == 1], alone[[outcome]][alone$programme == 0])
  say(paste0(outcome, "_alone"), "d", "", g$Cohens_d)
  say(paste0(outcome, "_alone"), "d_low", "", g$CI_low)
  say(paste0(outcome, "_alone"), "d_high", "", g$CI_high)
  means <- aggregate(alone[[outcome]], list(school = alone$school, programme = alone$programme), mean)
  t <- t.test(means$x[means$programme == 1], means$x[means$programme == 0], var.equal = TRUE)
  say(paste0(outcome, "_alone"), "means_difference", "", diff(rev(t$estimate)))
  say(paste0(outcome, "_alone"), "means_low", "", t$conf.int[1])
  say(paste0(outcome, "_alone"), "means_high", "", t$conf.int[2])
}

# Change from the baseline, as a gain: a difference in differences.
schools$gain <- schools$enjoyment - 3 - 0.15 * (schools$baseline - 10)
both <- schools[!is.na(schools$gain), ]
rownames(both) <- NULL
mixed("gain", gain ~ programme, both, "school")

# ── published ────────────────────────────────────────────────────────────────────────────────────────────────────
data(Rail, ergoStool, Orthodont, Machines, package = "nlme")
number <- function(x) as.integer(factor(as.character(x), levels = unique(as.character(x))))
rail <- data.frame(cluster = number(Rail$Rail), y = as.numeric(Rail$travel))
dyestuff <- data.frame(cluster = number(Dyestuff$Batch), y = Dyestuff$Yield)
dyestuff2 <- data.frame(cluster = number(Dyestuff2$Batch), y = Dyestuff2$Yield)
ergostool <- data.frame(cluster = number(ergoStool$Subject), y = as.numeric(ergoStool$effort),
                        t2 = +(ergoStool$Type == "T2"), t3 = +(ergoStool$Type == "T3"), t4 = +(ergoStool$Type == "T4"))
orthodont <- data.frame(cluster = number(Orthodont$Subject), y = as.numeric(Orthodont$distance),
                        age = Orthodont$age, female = +(Orthodont$Sex == "Female"))
machines <- data.frame(cluster = number(Machines$Worker), y = as.numeric(Machines$score),
                       b = +(Machines$Machine == "B"), c = +(Machines$Machine == "C"))
sleep_study <- data.frame(cluster = number(sleepstudy$Subject), y = sleepstudy$Reaction, days = sleepstudy$Days)
for (name in c("rail", "dyestuff", "dyestuff2", "ergostool", "orthodont", "machines", "sleep_study")) {
  set <- get(name)
  keep(set, name)
  mixed(name, if (ncol(set) == 2) y ~ 1 else reformulate(names(set)[-(1:2)], "y"), set, "cluster")
}

# Hedges' g of cars with manual and automatic gears: the first example of effectsize's documentation.
keep(data.frame(mpg = mtcars$mpg, manual = mtcars$am), "cars")
for (set in c("cars", "sleep")) {
  d <- if (set == "cars") cohens_d(mpg ~ am, data = mtcars) else cohens_d(extra ~ group, data = sleep)
  say(set, "d", "", d$Cohens_d)
  say(set, "d_low", "", d$CI_low)
  say(set, "d_high", "", d$CI_high)
}
keep(data.frame(extra = sleep$extra, group = as.integer(sleep$group)), "extra_sleep")

# ── exploratory factors: Thurstone's nine variables (as in tests/scales/golden), and answers of two kinds ────────────
thurstone <- as.matrix(read.csv("../../scales/golden/thurstone.csv"))
rownames(thurstone) <- colnames(thurstone)
solution <- suppressMessages(psych::fa(thurstone, nfactors = 3, n.obs = 213, fm = "minres", rotate = "none"))
loadings <- unclass(varimax(unclass(solution$loadings), eps = 1e-14)$loadings)
loadings <- loadings[, order(-colSums(loadings^2))]
for (i in 1:9) for (j in 1:3) say("thurstone", "loading", paste(i - 1, j - 1), loadings[i, j])
for (i in 1:9) say("thurstone", "communality", as.character(i - 1), solution$communality[i])
two <- matrix(rnorm(300 * 8), 300)
common <- matrix(rnorm(300 * 2), 300)
two[, 1:4] <- two[, 1:4] + 1.2 * common[, 1]
two[, 5:8] <- two[, 5:8] + 1.0 * common[, 2]
two <- round(pmin(pmax(3 + 0.8 * two, 1), 5))
colnames(two) <- paste0("item_", 1:8)
keep(as.data.frame(two), "two_kinds")
parallel <- psych::fa.parallel(two, fa = "pc", n.iter = 500, plot = FALSE, quant = 0.95, sim = TRUE)
for (i in 1:8) say("two_kinds", "eigenvalue", as.character(i - 1), parallel$pc.values[i])
for (i in 1:8) say("two_kinds", "chance", as.character(i - 1), parallel$pc.sim[i])
say("two_kinds", "factors", "", parallel$ncomp)

# ── the noncentral t behind the interval of d, and corrections for several tests ─────────────────────────────────
for (case in list(c(0.5, 8), c(-2.4, 20), c(6.5, 898), c(25, 58), c(0, 3), c(12, 5000))) {
  item <- paste(case, collapse = " ")
  for (side in c(0.025, 0.975)) {
    ncp <- uniroot(function(x) suppressWarnings(pt(case[1], case[2], x)) - side,
                   case[1] + c(-1, 1) * (5 + abs(case[1])), tol = 1e-13)$root
    say("noncentral", as.character(side), item, ncp)
  }
}
p <- c(0.01, 0.02, 0.03, 0.04, 0.05, 0.0001, 0.9, 0.02, 1, 0.2)
for (method in c("holm", "BH", "hochberg", "bonferroni"))
  for (i in seq_along(p)) say("corrections", method, as.character(i - 1), p.adjust(p, method)[i])
for (i in seq_along(p)) say("corrections", "p", as.character(i - 1), p[i])

# A share and its interval (Wilson), and the difference of two shares (Newcombe 1998, Statistics in Medicine 17, 873-890).
for (case in list(c(81, 263), c(15, 148), c(0, 20), c(1, 29))) {
  item <- paste(case, collapse = " ")
  wilson <- prop.test(case[1], case[2], correct = FALSE)$conf.int
  say("share", "low", item, wilson[1])
  say("share", "high", item, wilson[2])
}

results$value[results$value == "NaN"] <- "NA"
write.csv(results, "results.csv", row.names = FALSE, quote = FALSE)
