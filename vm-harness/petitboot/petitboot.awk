# The kernel, initrd and append values of the entry that petitboot would boot, one a line; names must be URLs. What it is
# held to: read-config.ts.
function strip(text) { gsub(/^[ \t\r"\047]+|[ \t\r"\047]+$/, "", text); return text }
{
  line = $0
  gsub(/\t/, " ", line)
  line = strip(line)
  blank = index(line, " ")
  keyword = toupper(blank ? strip(substr(line, 1, blank - 1)) : line)
  value = blank ? strip(substr(line, blank + 1)) : ""
  if (keyword ~ /^#/ || value ~ /^#/ || value == "") next
  if (keyword == "DEFAULT") wanted = tolower(value)
  if (keyword == "LABEL") chosen = (!done && tolower(value) == wanted)
  if (keyword == "LABEL") { if (kernel != "") done = 1; if (chosen) kernel = initrd = append = "" }
  if (!chosen) next
  if (keyword == "KERNEL") kernel = value
  if (keyword == "INITRD") initrd = value
  if (keyword == "APPEND") {
    append = append (append == "" ? "" : " ") value
    if (match(tolower(value), /initrd=[^ ]*/)) initrd = substr(value, RSTART + 7, RLENGTH - 7)
  }
}
END { if (kernel != "") print kernel "\n" initrd "\n" append }
