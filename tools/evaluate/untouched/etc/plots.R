# A report of the evaluation, in R; with "more", also what reports do on another day.
values <- scan("/srv/files/numbers", quiet = TRUE)
cat(mean(values), "\n")
if ("more" %in% commandArgs(TRUE)) {
  pdf("/tmp/plot.pdf"); plot(values[1:100]); invisible(dev.off())
  cat(file.exists("/tmp/plot.pdf"), "\n")
  write.csv(data.frame(values), gzfile("/tmp/values.csv.gz")); cat(nrow(read.csv("/tmp/values.csv.gz")), "\n")
  cat(system("echo from a shell", intern = TRUE), "\n")
  cat(unlist(parallel::mclapply(1:3, function(n) n * n, mc.cores = 2)), "\n")
  cat(tryCatch(readLines("/nothing"), warning = function(w) "missing", error = function(e) "missing"), "\n")
  saveRDS(values, "/tmp/v.rds"); file.rename("/tmp/v.rds", "/tmp/w.rds"); unlink("/tmp/w.rds"); Sys.sleep(0.01)
  cat(Sys.getenv("HOME"), format(Sys.Date(), "%Y") > "2000", "\n")
}
