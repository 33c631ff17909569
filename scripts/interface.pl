#!/usr/bin/perl
# Reads include/interface/invocations.txt, which explains its own format, and makes all other lists of invocations.
#
# usage: scripts/interface.pl headers FOLDER     the headers of <sel4/...>, <rel4/...> and <interface/...>, below FOLDER
#        scripts/interface.pl pages PAGE...      the tables in pages of docs/, between lines like these:
#
#     <!-- calls: seL4_IRQControl, seL4_IRQHandler -->
#     <!-- end of calls -->
#
# "errors" instead of "calls" is a table of these. An object is named as its functions are.
use strict;
use warnings;
use File::Basename qw(dirname);
use File::Path qw(make_path);

my $source = dirname(__FILE__) . "/../include/interface/invocations.txt";
my (%error_names, @arguments, %argument, %capability, @objects);

sub mistake { die "$source:$.: $_[0]\n" }

sub parse_error {
    my ($text, $count) = @_;
    my @parts = split /\s*\|\s*/, $text, -1;
    mistake("an error has $count parts: $text") if @parts != $count;
    for my $code ($parts[-1] =~ /\b([A-Z]{2})\b/g) {
        mistake("no error is called $code") if !$error_names{$code};
    }
    return @parts;
}

# A name, a kind, and what the pages write.
sub parse_argument {
    my ($text, $known, $what) = @_;
    my ($name, $kind, $words) = $text =~ /^(\w+) (\w+)(?: : (.+))?$/ or mistake("$what NAME KIND [: TEXT]");
    my $type = $known->{$kind} // mistake("no $what is called $kind");
    return { name => $name, kind => $kind, type => $type, text => $words // $name };
}

# A line that begins at the margin. Returns the object or the method that it begins.
sub parse_beginning {
    my ($line, $object) = @_;
    if ($line =~ /^error (\w+) (.+)$/) {
        $error_names{$1} = $2;
    } elsif ($line =~ /^argument (\w+)\s+(\w+)\s+(\S.*)$/) {
        push @arguments, { name => $1, text => $3 };
        $argument{$1} = $2;
    } elsif ($line =~ /^capability (\w+)\s+(\w+)$/) {
        $capability{$1} = $2;
    } elsif ($line =~ /^object (\w+) (\w+) (\w+)_ (\w+)_ (\w+)$/) {
        push @objects, { name => $1, type => $2, functions => $3, labels => $4, kernel => $5, methods => [], errors => [] };
        return ($objects[-1], undef);
    } elsif ($line =~ /^method (\w+) (\w+)(?: (\w+))?$/ && $object) {
        push @{ $object->{methods} }, { object => $object, name => $1, label => $2, enumerator => $3, arguments => [], words => [],
            capabilities => [], replies => [], errors => [] };
        return ($object, $object->{methods}[-1]);
    } else {
        mistake("no line looks like this: $line");
    }
    return ($object, undef);
}

sub parse_object_error {
    my ($object, $text) = @_;
    my ($methods, $condition, $answer) = parse_error($text, 3);
    my $row = $methods =~ s/^(\d+\w*) // ? $1 : undef;
    push @{ $object->{errors} }, { row => $row, methods => $methods, condition => $condition, answer => $answer };
}

# A line about a method.
sub parse_about {
    my ($line, $method) = @_;
    my ($what, $rest) = $line =~ /^\s+(by hand|several nodes|\w+)\s*(.*)$/;
    if ($what eq "word" || $what eq "capability") {
        my $argument = parse_argument($rest, $what eq "word" ? \%argument : \%capability, $what);
        push @{ $method->{ $what eq "word" ? "words" : "capabilities" } }, $argument;
        push @{ $method->{arguments} }, $argument;
    } elsif ($what eq "words" && $rest =~ /^(.+) : (.+)$/) {
        $method->{more} = { count => $1, text => $2 };
    } elsif ($what eq "reply" && $rest =~ /^(\w+)(?: : (.+))?$/) {
        push @{ $method->{replies} }, { name => $1, text => $2 // $1 };
    } elsif ($what eq "replies" && $rest =~ /^: (.+)$/) {
        $method->{more_replies} = $1;
    } elsif ($what eq "error") {
        my ($condition, $answer) = parse_error($rest, 2);
        push @{ $method->{errors} }, { condition => $condition, answer => $answer };
    } elsif ($what eq "note") {
        $method->{note} = $rest;
    } elsif ($what eq "by hand") {
        $method->{by_hand} = 1;
    } elsif ($what eq "several nodes") {
        $method->{several} = 1;
    } else {
        mistake("no line about a method looks like this: $line");
    }
}

sub read_source {
    my ($object, $method, $manual);
    open my $file, "<", $source or die "$source: $!\n";
    while (my $line = <$file>) {
        chomp $line;
        if (defined $manual || $line =~ /^    "/) {
            $manual = (defined $manual ? "$manual " : "") . $line =~ s/^\s+//r;
            if ($manual =~ /^"(.*)"$/) {
                $method->{manual} = $1;
                undef $manual;
            }
        } elsif ($line =~ /^(?:#|$)/) {
            next;
        } elsif ($line =~ /^\S/) {
            ($object, $method) = parse_beginning($line, $object);
        } elsif ($method) {
            parse_about($line, $method);
        } elsif ($object && $line =~ /^    error (.+)$/) {
            parse_object_error($object, $1);
        } else {
            mistake("of which method? $line");
        }
    }
    close $file;
    for (map { @{ $_->{methods} } } @objects) {
        die "$source: $_->{object}{name} $_->{name} has no manual\n" if !$_->{manual};
    }
}

# Methods of seL4, or of the extension, in the order of their labels.
sub methods_of {
    my ($extension) = @_;
    my $number = sub { $_[0] =~ /^0x/ ? hex $_[0] : $_[0] };
    my @methods = sort { $number->($a->{label}) <=> $number->($b->{label}) }
        grep { $extension == ($_->{object}{functions} =~ /^rel4_/) } map { @{ $_->{methods} } } @objects;
    my $next = $extension ? 0x400 : 1;
    for (@methods) {
        my $is = $number->($_->{label});
        die "$source: label $_->{label} of $_->{object}{name} $_->{name} is " . ($is < $next ? "taken\n" : "not the next, $next\n")
            if $extension ? $is < $next : $is != $next;
        $next = $is + 1;
    }
    return @methods;
}

# SetMCPriority is SET_MC_PRIORITY.
sub upper {
    my ($name) = @_;
    return uc($name =~ s/(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/_/gr);
}

sub label_of { my ($method) = @_; return $method->{object}{labels} . "_" . upper($method->{name}) }

sub enumerator_of { my ($method) = @_; return $method->{enumerator} // label_of($method) }

sub is_extension { my ($object) = @_; return $object->{functions} =~ /^rel4_/ }

#
# ---- Headers ----
#

# Words in lines of at most 110 columns, each behind the prefix.
sub wrapped {
    my ($first, $rest, $text) = @_;
    my ($line, @lines) = ($first);
    for my $word (split / /, $text) {
        if (length("$line$word") > 110 && $line =~ /\S$|\S $/) {
            push @lines, $line =~ s/ +$//r;
            $line = $rest;
        }
        $line .= "$word ";
    }
    return join "", map { "$_\n" } @lines, $line =~ s/ +$//r;
}

sub comment { my ($text) = @_; return "/*\n" . wrapped(" * ", " * ", $text) . " */\n" }

# Written beside its place and moved there, as several may do so at once.
sub write_header {
    my ($path, $about, $text) = @_;
    make_path(dirname($path));
    open my $file, ">", "$path.$$" or die "$path: $!\n";
    print $file comment("$about Made by scripts/interface.pl from include/interface/invocations.txt.");
    print $file $path =~ /\.h$/ ? "#pragma once\n\n$text" : $text;
    close $file or die "$path: $!\n";
    rename "$path.$$", $path or die "$path: $!\n";
}

sub labels {
    my ($extension) = @_;
    my @methods = methods_of($extension);
    my ($missing) = grep { $_->{several} } @methods;
    my $text = join "", map { sprintf "#define %-34s %s\n", label_of($_), $_->{label} } @methods;
    return $text if $extension;
    return sprintf("#define %-34s 0\n%s#define %-34s %d\n", "LABEL_INVALID", $text, "LABEL_COUNT", $methods[-1]{label} + 1) .
        "\n/* The first label that is one lower for programs for one node. */\n" .
        "#define ABI_LABEL_FIRST_SHIFTED " . label_of($missing) . "\n";
}

sub enumerations {
    my @methods = methods_of(0);
    my $lines = sub {
        join "", map { my $line = "    $_->{enumerator},\n"; $_->{several} ? "#if CONFIG_MAX_NUM_NODES > 1\n$line#endif\n" : $line } @_;
    };
    my @generic = grep { $_->{enumerator} !~ /^RISCV/ } @methods;
    my ($first, @rest) = grep { $_->{enumerator} =~ /^RISCV/ } @methods;
    my ($missing) = grep { $_->{several} } @methods;
    my ($behind) = grep { $_->{label} == $missing->{label} + 1 } @methods;
    return "#include <sel4/abi.h>\n#include <sel4/config.h>\n\nenum invocation_label {\n    InvalidInvocation,\n" . $lines->(@generic) .
        "    nInvocationLabels,\n};\n\nenum arch_invocation_label {\n    $first->{enumerator} = nInvocationLabels,\n" . $lines->(@rest) .
        "    nArchInvocationLabels,\n};\n\n#if CONFIG_MAX_NUM_NODES > 1\n" .
        "_Static_assert(nArchInvocationLabels == LABEL_COUNT, \"labels of several nodes\");\n" .
        "_Static_assert($missing->{enumerator} == ABI_LABEL_FIRST_SHIFTED, \"the label that one node lacks\");\n#else\n" .
        "_Static_assert(nArchInvocationLabels == LABEL_COUNT - 1, \"labels of one node\");\n" .
        "_Static_assert($behind->{enumerator} == ABI_LABEL_FIRST_SHIFTED, \"the first label that is one lower\");\n#endif\n";
}

# The errors of a method, those of its object first, in the order of the checks.
sub errors_of {
    my ($method) = @_;
    my @shared = grep { $_->{methods} eq "all" || $_->{methods} =~ /\b$method->{name}\b/ } @{ $method->{object}{errors} };
    return (@shared, @{ $method->{errors} });
}

# The manual of a function. It sends all words and capabilities, so that they are never too few.
sub manual {
    my ($method) = @_;
    my @errors = grep { $_->{answer} ne "TM" && $_->{condition} !~ /^(?:an)?other label$/ } errors_of($method);
    return "/* $method->{manual} */\n" if !@errors && length $method->{manual} <= 104;
    my $text = "/*\n" . wrapped(" * ", " * ", $method->{manual});
    $text .= " *\n" if @errors;
    for my $error (@errors) {
        my $answer = $error->{answer} =~ s/\b([A-Z]{2})\b/$error_names{$1}/gr;
        my $condition = $error->{condition} || "lookup of the slot fails";
        $condition =~ s/\bX(\d)\b/$method->{capabilities}[$1]{name}/g;
        s/\bMR(\d)\b/$method->{words}[$1] ? $method->{words}[$1]{name} : "MR$1"/ge, s/\[(.*?)\]\(.*?\)/$1/g, s/`//g for $condition, $answer;
        $text .= wrapped(" * ", " *     ", "$answer: $condition.");
    }
    return "$text */\n";
}

sub value_of { my ($word) = @_; return $word->{type} eq "seL4_CapRights_t" ? "$word->{name}.words[0]" : $word->{name} }

sub stub {
    my ($method) = @_;
    my $object = $method->{object};
    my $function = "$object->{functions}_$method->{name}";
    my @words = map { value_of($_) } @{ $method->{words} };
    my @capabilities = @{ $method->{capabilities} };
    my ($reply) = @{ $method->{replies} };
    my $structure = $reply && !is_extension($object);
    my $returned = $structure ? "${function}_t" : "seL4_Error";
    my @parameters = ("$object->{type} service", map { "$_->{type} $_->{name}" } @{ $method->{arguments} });
    push @parameters, "seL4_Word *$reply->{name}" if $reply && !$structure;

    my $text = "";
    $text .= "typedef struct $function {\n    seL4_Error error;\n    seL4_Word $reply->{name};\n} $returned;\n\n" if $structure;
    $text .= manual($method);
    my $head = "LIBSEL4_INLINE_FUNC $returned $function(";
    $text .= wrapped($head, " " x length $head, join(", ", @parameters) =~ s/(\w) (\*?\w+)(,|$)/$1\0$2$3/gr . ")") =~ tr/\0/ /r;
    $text .= "{\n";
    $text .= "    struct sel4_registers answer;\n" . (@capabilities ? "\n" : "") if $reply;
    $text .= "    seL4_SetCap($_, $capabilities[$_]{name});\n" for 0 .. $#capabilities;
    $text .= "    seL4_SetMR($_, $words[$_]);\n" for 4 .. $#words;
    my $call = join ", ", "service", enumerator_of($method), scalar @capabilities, scalar @words, map { $words[$_] // 0 } 0 .. 3;
    if (!$reply) {
        $text .= wrapped("    return sel4_invoke(", " " x 23, "$call);");
    } else {
        my $start = "    seL4_Error error = sel4_invoke_reply(";
        $text .= wrapped($start, " " x length $start, "$call, &answer);") . "\n";
        $text .= $structure ? "    return ($returned){ error, answer.mr0 };\n"
            : "    if ($reply->{name}) {\n        *$reply->{name} = answer.mr0;\n    }\n    return error;\n";
    }
    $text .= "}\n";
    return $method->{several} ? "#if CONFIG_MAX_NUM_NODES > 1\n$text#endif\n" : $text;
}

sub stubs {
    my ($extension) = @_;
    return join "\n", map { stub($_) } grep { !$_->{by_hand} } map { @{ $_->{methods} } } grep { $extension == is_extension($_) } @objects;
}

# For tests/sysfuzz: a macro for each type of capability, with its invocations.
sub fuzzed_methods {
    my (%lines, @order);
    for my $method (map { @{ $_->{methods} } } @objects) {
        my $object = $method->{object};
        my @words = map { "ARG_" . uc $_->{kind} } @{ $method->{words} };
        my @capabilities = map { "KIND_" . uc $_->{kind} } @{ $method->{capabilities} };
        push @order, $object if !$lines{ $object->{kernel} };
        push @{ $lines{ $object->{kernel} } }, sprintf "    { \"%s\", %s, WEIGHT_%s_%s, %d, %d, { %s }, { %s } },", $method->{name},
            enumerator_of($method), $object->{name}, $method->{name}, scalar @words, scalar @capabilities,
            join(", ", @words) || 0, join(", ", @capabilities) || 0;
    }
    return join "\n", map { "#define " . $_->{kernel} =~ s/^CAP_//r . "_METHODS \\\n" . join(" \\\n", @{ $lines{ $_->{kernel} } }) . "\n" } @order;
}

# For tests/fuzz/fuzz_objects.c: the initialisers of an array by type of capability.
sub labels_by_type {
    my (%labels, @order);
    for my $object (@objects) {
        push @order, $object->{kernel} if !$labels{ $object->{kernel} };
        push @{ $labels{ $object->{kernel} } }, map { label_of($_) } @{ $object->{methods} };
    }
    return join "", map { wrapped("[$_] = ", "    ", "{ " . @{ $labels{$_} } . ", (const uint16_t[]){ " . join(", ", @{ $labels{$_} }) . " } },") } @order;
}

sub write_headers {
    my ($folder) = @_;
    write_header("$folder/sel4/labels.h", "Invocation labels, as programs for several nodes number them, and the kernel throughout.", labels(0));
    write_header("$folder/rel4/labels.h", "Invocation labels of the extension, the same for all programs.", labels(1));
    write_header("$folder/sel4/invocation.h", "Invocation labels, as the program's configuration numbers them.", enumerations());
    write_header("$folder/sel4/stubs.h", "One function for each invocation: the larger part of <sel4/invocations.h>, which includes it.", stubs(0));
    write_header("$folder/rel4/stubs.h", "One function for each invocation of the extension: the larger part of <rel4/invocations.h>, which includes it.", stubs(1));
    write_header("$folder/interface/arguments.inc", "Meanings of message words, for an enumeration.",
        join "", map { sprintf "ARG_%s, /* %s */\n", uc $_->{name}, $_->{text} } @arguments);
    write_header("$folder/interface/methods.inc", "The invocations of each type of capability.", fuzzed_methods());
    write_header("$folder/interface/labels.inc", "The labels of each type of capability.", labels_by_type());
}

#
# ---- Pages ----
#

# Joins numbered words or capabilities, as the pages write them.
sub listed {
    my (@texts) = @_;
    my $between = grep({ /[,:;]/ } @texts) ? "; " : ", ";
    return @texts ? join($between, @texts) : "-";
}

sub written {
    my ($head, @rows) = @_;
    return join "", map { "$_\n" } "| " . join(" | ", @$head) . " |", "|" . "---|" x @$head, map { "| " . join(" | ", @$_) . " |" } @rows;
}

# Rows that are the same but for the first cell become one, where the first of them is.
sub table {
    my ($head, @rows) = @_;
    my (@lines, %first);
    for my $row (@rows) {
        my ($name, @cells) = @$row;
        my $key = join "|", @cells;
        if ($first{$key}) {
            $first{$key}[0] .= ", $name";
        } else {
            push @lines, $first{$key} = $row;
        }
    }
    return written($head, @lines);
}

sub calls {
    my (@chosen) = @_;
    my $labels = is_extension($chosen[0]);
    my @rows;
    for my $method (map { @{ $_->{methods} } } @chosen) {
        my @words = map { $_->{text} } @{ $method->{words} };
        my $count = @words;
        my $name = (@chosen > 1 ? "$method->{object}{name} " : "") . $method->{name} . ($method->{several} ? " (SMP)" : "");
        my $replies = $method->{more_replies} ? $method->{more_replies}
            : listed(map { "$_ $method->{replies}[$_]{text}" } 0 .. $#{ $method->{replies} });
        push @rows, [$name, $labels ? $method->{label} : (), $count . ($method->{more} ? " + $method->{more}{count}" : ""),
            listed((map { "$_ $words[$_]" } 0 .. $#words), $method->{more} ? "$count.. $method->{more}{text}" : ()),
            listed(map { "$_ $method->{capabilities}[$_]{text}" } 0 .. $#{ $method->{capabilities} }), $replies];
    }
    return table(["Call", $labels ? "Label" : (), "Len", "MRs", "Extra capabilities", "Reply"], @rows);
}

sub errors {
    my (@chosen) = @_;
    my @methods = map { @{ $_->{methods} } } @chosen;
    # By rows that tests name,
    if (grep { $_->{row} } @{ $chosen[0]{errors} }) {
        my @several = @methods > 1 ? ("For") : ();
        my $before = "";
        my @rows;
        for my $error (@{ $chosen[0]{errors} }) {
            my $for = $error->{methods} eq $before && $before ne "all" && $before =~ /,/ ? "the same" : $error->{methods};
            push @rows, [$error->{row}, @several ? $for : (), $error->{condition}, $error->{answer}];
            $before = $error->{methods};
        }
        return written(["Row", @several, "Condition", "Error"], @rows);
    }
    # or all of a method in one.
    my $line = sub {
        my ($errors, $note) = @_;
        my $text = join "; ", map { $_->{condition} ? "$_->{condition}: $_->{answer}" : $_->{answer} } @$errors;
        return ($text || "none") . ($note ? ". $note" : "");
    };
    my %shared;
    my @rows = map { @{ $_->{errors} } ? ["all of $_->{name}", $line->($_->{errors})] : () } @chosen;
    push @rows, [(@chosen > 1 ? "$_->{object}{name} " : "") . $_->{name}, $line->($_->{errors}, $_->{note})] for @methods;
    return table(["Call", "Errors in order"], @rows);
}

sub write_pages {
    my %kinds = (calls => \&calls, errors => \&errors);
    my %by_name = map { $_->{functions} => $_ } @objects;
    for my $path (@_) {
        open my $in, "<", $path or die "$path: $!\n";
        my $page = do { local $/; <$in> };
        close $in;
        my $chosen = sub { map { $by_name{$_} // die "$path: no object is called $_\n" } split /, /, $_[0] };
        my $new = $page =~ s/^(<!-- (calls|errors): (.+?) -->\n).*?^(?=<!-- end of \2 -->)/$1 . $kinds{$2}->($chosen->($3))/msger;
        next if $new eq $page;
        open my $out, ">", $path or die "$path: $!\n";
        print $out $new;
        close $out or die "$path: $!\n";
    }
}

my ($what, @paths) = @ARGV;
read_source();
if (($what // "") eq "headers" && @paths == 1) {
    write_headers(@paths);
} elsif (($what // "") eq "pages" && @paths) {
    write_pages(@paths);
} else {
    die "usage: scripts/interface.pl headers FOLDER | pages PAGE...\n";
}
