# The kernel, initrd and append values of the entry that petitboot would boot, one a line. What it is held to: read-config.ts.
function value(line) { sub(/^[ \t]*[^ \t]+/, "", line); gsub(/^[ \t"\047]+|[ \t\r"\047]+$/, "", line); return line }
{ keyword = tolower($1) }
keyword == "default" { wanted = value($0) }
keyword == "label" { label = value($0); if (first == "") first = label }
keyword ~ /^(kernel|linux|initrd|append)$/ { if (keyword == "linux") keyword = "kernel"; entry[label, keyword] = value($0) }
END {
  if (!((wanted, "kernel") in entry)) wanted = first
  split("kernel initrd append", names, " ")
  for (i = 1; i <= 3; i++) print entry[wanted, names[i]]
}
