# SPDX-License-Identifier: GPL-2.0-only
#
# uapi/zxvmo.h as a description for syzkaller, and a C program that verifies the layout and prints the constants' values.
#
# Structures, fields, commands and constants are the header's, and most of what a field means is taken from its
# kernel-doc.  What that cannot tell is in the table below: which constants a field takes, or its type.
#
# -v description=FILE -v program=FILE receive the results

function die(text)
{
	print FILENAME ": " text > "/dev/stderr"
	failed = 1
	exit 1
}

BEGIN {
	constants["zxvmo_handle_duplicate.rights"] = "^ZXVMO_RIGHT_[A-Z_]+$"
	constants["zxvmo_object_signal.clear_mask"] = "^ZXVMO_SIGNAL_"
	constants["zxvmo_object_signal.set_mask"] = "^ZXVMO_SIGNAL_"
	constants["zxvmo_object_wait_one.signals"] = "^ZXVMO_SIGNAL_"
	constants["zxvmo_object_get_info.topic"] = "^ZXVMO_INFO_(HANDLE_[A-Z]+|VMAR|VMAR_MAPS|VMO|PROCESS_(MAPS|VMOS)|(PROCESS_MAPS|PROCESS_VMOS|VMO)_V[0-9])$"
	constants["zxvmo_object_property.property"] = "^ZXVMO_PROP_"
	constants["zxvmo_vmo_create.options"] = "^ZXVMO_VMO_(RESIZABLE|DISCARDABLE|TRAP_DIRTY|UNBOUNDED)$"
	constants["zxvmo_vmo_create_child.options"] = "^ZXVMO_VMO_CHILD_"
	constants["zxvmo_vmo_op_range.op"] = "^ZXVMO_VMO_OP_"
	constants["zxvmo_vmo_set_cache_policy.policy"] = "^ZXVMO_CACHE_POLICY_"
	constants["zxvmo_vmar_map.options"] = "^ZXVMO_VM_"
	constants["zxvmo_vmar_allocate.options"] = "^ZXVMO_VM_"
	constants["zxvmo_vmar_op_range.op"] = "^ZXVMO_VMAR_OP_"
	constants["zxvmo_vmar_range.options"] = "^ZXVMO_VM_PERM_"
	types["zxvmo_vmar_range.addr"] = "vma64[1:4]"
	types["zxvmo_vmar_range.length"] = "len[addr, int64]"
	types["zxvmo_vmar_op_range.addr"] = "vma64[1:4]"
	types["zxvmo_vmar_op_range.length"] = "len[addr, int64]"
	types["zxvmo_process_memory.addr"] = "vma64[1:4]"
	types["zxvmo_process_memory.length"] = "len[buffer, int64]"
	types["zxvmo_vmo_op_range.buffer"] = "ptr64[out, array[int8, 32], opt]"
	types["zxvmo_vmo_op_range.buffer_size"] = "bytesize[buffer, int64]"
	types["zxvmo_vmo_rw.length"] = "len[buffer, int64]"
	types["zxvmo_object_get_info.buffer"] = "ptr64[out, array[int8]]"
}

# The text of the last kernel-doc comment, and that of each of its fields
/^\/\*\*$/ {
	delete about
	head = field = ""
	in_doc = 1
	next
}

in_doc && / \*\/$/ {
	in_doc = 0
	next
}

in_doc {
	sub(/^ \*[ \t]*/, "")
	if (/^@/) {
		field = substr($1, 2)
		sub(/:$/, "", field)
		sub(/^[^:]*: */, "")
	}
	if (/^$/)
		field = "-"
	if (field == "")
		head = head " " $0
	else
		about[field] = about[field] " " $0
	next
}

/\\$/ {
	line = line substr($0, 1, length($0) - 1)
	next
}

{
	$0 = line $0
	line = ""
}

/^#define ZXVMO_[A-Z0-9_]+[ \t]+_IO\(/ {
	commands[$2] = 1
	order[++nr_commands] = $2
	next
}

/^#define ZXVMO_[A-Z0-9_]+[ \t]/ {
	defined[++nr_defined] = $2
}

/^\tZXVMO_CMD_[A-Z_]+ = / {
	numbers[$1] = 1
}

/^struct zxvmo_[a-z0-9_]+ \{$/ {
	if (head !~ /ioctl\(/)
		next
	struct = $2
	structs[++nr_structs] = struct
	while (match(head, /ioctl\([A-Z_]+\)/)) {
		argument[substr(head, RSTART + 6, RLENGTH - 7)] = struct
		head = substr(head, RSTART + RLENGTH)
	}
	next
}

/^};$/ {
	struct = ""
}

struct && /^\t[a-z0-9_]+ [a-z0-9_]+;$/ {
	type = $1
	sub(/;$/, "", $2)
	name = $2
	if (type == "__u32" || type == "__s32")
		width = 32
	else if (type == "__aligned_u64" || type == "__s64")
		width = 64
	else
		die("what is a " type "?")
	if (name != "size" && !(name in about))
		die(struct "." name " has no description")
	fields[struct] = fields[struct] "\t" name "\t" describe(struct, name, about[name], width) "\n"
	layout[struct] = layout[struct] " " name ":" width
	last[struct] = name
	next
}

struct {
	die("cannot understand \"" $0 "\"")
}

# The constants a field takes become a set named after the field
function set_of(key, width,	name)
{
	name = key
	sub(/\./, "_", name)
	sets[name] = constants[key]
	set_order[++nr_sets] = name
	return "flags[" name ", int" width "]"
}

function describe(struct, name, text, width,	key, optional)
{
	key = struct "." name
	optional = text ~ /or 0([.;, ]|$)/ ? ", opt" : ""
	if (key in types) {
		used[key] = 1
		return types[key]
	}
	if (key in constants) {
		used[key] = 1
		return set_of(key, width)
	}
	if (name == "size")
		return "bytesize[parent, int32]"
	if (text ~ /^ *must be 0/)
		return "const[0, int" width "]"
	if (struct == "zxvmo_query")
		return "int" width " (out)"
	if (text ~ /address of a __u32 that receives (the|a|the new) handle/)
		return "ptr64[out, zxvmo_handle]"
	if (match(text, /address of a __u(32|64)/))
		return "ptr64[out, int" substr(text, RSTART + 16, 2) optional "]"
	if (text ~ /address of an array of __u32 handles/)
		return "ptr64[in, array[zxvmo_handle]]"
	if (text ~ /address/ && name ~ /^(buffer|value)$/)
		return "ptr64[inout, array[int8]]"
	if (match(text, /bytes at @[a-z]+/))
		return "len[" substr(text, RSTART + 10, RLENGTH - 10) ", int64]"
	if (text ~ /number of elements/)
		return "len[" last[struct] ", int64]"
	if (name == "fd")
		return "fd"
	if (width == 32 && name ~ /^((src_)?handle|vmo|vmex)$/)
		return "zxvmo_handle"
	if (name ~ /(offset|length|size)$/)
		return "flags[zxvmo_bytes, int64]"
	return "int" width
}

function set_members(name,	i, members)
{
	members = ""
	for (i = 1; i <= nr_defined; i++) {
		if (defined[i] !~ sets[name])
			continue
		members = members (members == "" ? "" : ", ") defined[i]
		value[defined[i]] = 1
	}
	if (members == "")
		die("no constant is like " sets[name])
	return members
}

END {
	if (failed)
		exit 1
	for (i in types)
		if (!(i in used))
			die("there is no " i)
	for (i in constants)
		if (!(i in used))
			die("there is no " i)
	for (i in numbers) {
		sub(/_CMD/, "", i)
		if (!(i in argument) || !(i in commands))
			die(i " is no command of a structure")
	}

	print "# The ioctl interface of zxvmo, made from uapi/zxvmo.h by selftests/fuzz/syzkaller/generate.\n" \
		"# Commands on objects' own descriptors are missing: how a handle contains its descriptor cannot be said.\n\n" \
		"include <linux/fcntl.h>\n" \
		"include <uapi/linux/zxvmo.h>\n\n" \
		"resource fd_zxvmo[fd]\n" \
		"resource zxvmo_handle[int32]: 0, ZXVMO_HANDLE_VMAR_ROOT_SELF, ZXVMO_HANDLE_PROCESS_SELF\n\n" \
		"openat$zxvmo(fd const[AT_FDCWD], file ptr[in, string[\"/dev/zxvmo\"]], flags const[O_RDWR], mode const[0]) fd_zxvmo" > description
	for (i = 1; i <= nr_commands; i++) {
		command = order[i]
		value[command] = 1
		print "ioctl$" command "(fd fd_zxvmo, cmd const[" command "], arg ptr[" \
			(argument[command] == "zxvmo_query" ? "inout" : "in") ", " argument[command] "])" > description
	}
	for (i = 1; i <= nr_structs; i++)
		print "\n" structs[i] " {\n" fields[structs[i]] "}" > description
	print "\nzxvmo_bytes = 0, 1, 0xfff, 0x1000, 0x1001, 0x2000, 0x1ff000, 0x200000, 0x201000, 0x40000000, " \
		"0x7ffffffffffff000, ZXVMO_VMO_MAX_SIZE" > description
	for (i = 1; i <= nr_sets; i++)
		print set_order[i] " = " set_members(set_order[i]) > description

	value["ZXVMO_HANDLE_VMAR_ROOT_SELF"] = value["ZXVMO_HANDLE_PROCESS_SELF"] = value["ZXVMO_VMO_MAX_SIZE"] = value["AT_FDCWD"] = value["O_RDWR"] = 1
	print "#include <fcntl.h>\n#include <stddef.h>\n#include <stdio.h>\n#include <zxvmo.h>\n" > program
	for (i = 1; i <= nr_structs; i++) {
		at = 0
		n = split(layout[structs[i]], parts, " ")
		for (j = 1; j <= n; j++) {
			split(parts[j], part, ":")
			at += (-at % (part[2] / 8) + part[2] / 8) % (part[2] / 8)
			assertion = "offsetof(struct " structs[i] ", " part[1] ") == " at
			print "_Static_assert(" assertion ", \"" assertion "\");" > program
			at += part[2] / 8
		}
		assertion = "sizeof(struct " structs[i] ") == " at
		print "_Static_assert(" assertion ", \"" assertion "\");" > program
	}
	print "\nint main(void)\n{" > program
	for (i in value)
		print "\tprintf(\"" i " = %llu\\n\", (unsigned long long)(" i "));" > program
	print "\treturn 0;\n}" > program
}
