# Draws the records of bench/async.pl and bench/breakdown.pl: curves and bars as SVG and PNG (gnuplot), and one HTML
# file with all of it inside.
package Report;
use strict;
use warnings;
use File::Basename qw(dirname);
use File::Path qw(make_path);
use JSON::PP qw(decode_json);

# Published results of the original: asynchronous performance relative to synchronous, in percent.
my %published = (
    'one core'      => { 1 => 17.49, 16 => 81.47, 128 => 185.71, 256 => 206.50 },
    'several cores' => { 64 => 135.88, 128 => 232.37, 256 => 243.52 },
);
my %published_traps = ('one core' => { 1 => 50, 256 => 1 }, 'several cores' => { 1 => 52.5, 256 => 0.9375 });

# Colours: dark, and of different lightness.
my @colours = map { "#$_" } qw(000000 1f4e9c b03a2e 117a65 7d3c98 ca6f1e 5d6d7e);

# Series in the order of the legend; each can be told from the others in grey, by dash and point.
sub series_of {
    my ($value, @records) = @_;
    my (%points, @names);

    for my $record (grep { $_->{mode} ne 'sync' && defined $value->($_) } @records) {
        my $name = "$record->{mode}, " . ($record->{placement} eq 'one' ? 'one hart' : 'idle hart') .
            ", $record->{clock}" . ($record->{policy} eq 'tick' ? ', tick policy' : '');
        push @names, $name if !$points{$name};
        $points{$name}{ $record->{frames} } = $value->($record);
    }
    return map { [$_, $points{$_}] } sort @names;
}

# Draws a picture. Returns the name of its file, or nothing if there is nothing to draw.
sub plot {
    my ($folder, $file, $title, $label, $extra, @series) = @_;
    my (@data, @curves);

    return unless @series;
    for my $index (0 .. $#series) {
        my ($name, $points) = @{ $series[$index] };
        push @data, join("\n", map { "$_ $points->{$_}" } sort { $a <=> $b } keys %$points);
        my $original = $name =~ /^published/;
        push @curves, "\$d$index using 1:2 title '$name' with linespoints linewidth 1.5 pointsize 0.8 " .
            ($original ? "linecolor rgb 'gray40' dashtype 3 pointtype " . ($name =~ /several/ ? 6 : 4)
                : "linecolor rgb '$colours[$index % @colours]' dashtype " . ($index % 5 + 1) . " pointtype " . ($index % 7 + 4));
    }
    my $data = join '', map { "\$d$_ << E\n$data[$_]\nE\n" } 0 .. $#data;
    for my $terminal (['svg', "svg size 900,560 font 'sans-serif,13' background 'white'"], ['png', "pngcairo size 900,560 font 'sans,11'"]) {
        my ($suffix, $set) = @$terminal;
        open my $gnuplot, '|-', 'gnuplot' or die "gnuplot: $!\n";
        print $gnuplot <<"P";
$data
set terminal $set
set output '$folder/$file.$suffix'
set title "$title"
set xlabel 'frames = coroutines, requests in flight at most'
set ylabel "$label"
set logscale x 2
set xrange [0.9:1200]
set grid linecolor rgb 'gray70' linewidth 0.5
set bmargin 9.5
set key at screen 0.5,0.02 bottom center maxrows 5 spacing 1.1
$extra
plot @{[join ', ', @curves]}
P
        close $gnuplot or die "gnuplot failed\n";
    }
    return $file;
}

sub read_text {
    my ($path) = @_;
    open my $file, '<', $path or die "$path: $!\n";
    local $/;
    return scalar <$file>;
}

# Returns a picture for embedding into a page, with unique ids.
sub embedded {
    my ($folder, $name) = @_;
    my $svg = read_text("$folder/$name.svg") =~ s/^<\?xml.*?(?=<svg)//sr;
    return $svg =~ s/\b(id=['"]|href=['"]#|url\(#)/$1$name-/gr;
}

sub table {
    my (@records) = @_;
    my $rows = '';

    for my $record (@records) {
        my $cost = $record->{cost_per_round};
        my $relative = defined $record->{relative_performance} ? sprintf '%.1f', 100 * $record->{relative_performance} : '';
        $rows .= '<tr>' . join('', map { "<td>$_</td>" } @$record{qw(scenario clock placement harts policy backend mode units coroutines rounds)},
            (map { sprintf '%.0f', $cost->{$_} } qw(median p5 p95)), $relative, sprintf('%.3f', 100 * $record->{trap_frequency}),
            sprintf('%.0f', $record->{user_interrupts}), sprintf('%.0f', $record->{ipis}),
            join(' / ', map { sprintf '%.0f', $record->{served}{$_} } qw(idle call block tick))) . "</tr>\n";
    }
    return $rows;
}

# Our results, at the numbers of frames that results were published for.
sub comparison {
    my (@records) = @_;
    my $rows = '';

    for my $place (['one core', 'one'], ['several cores', 'idle']) {
        my ($title, $placement) = @$place;
        for my $frames (sort { $a <=> $b } keys %{ $published{$title} }) {
            my ($ours) = grep { $_->{mode} eq 'async' && $_->{placement} eq $placement && $_->{clock} eq 'ticks' &&
                $_->{policy} eq 'call' && $_->{frames} == $frames } @records;
            $rows .= sprintf "<tr><td>%s</td><td>%d</td><td>%.2f %%</td><td>%s</td></tr>\n", $title, $frames, $published{$title}{$frames},
                $ours && defined $ours->{relative_performance} ? sprintf('%.2f %%', 100 * $ours->{relative_performance}) : 'not measured';
        }
    }
    return $rows;
}

# Rows of the modes of one point, in the order of the records: [any of the records, mode to record].
sub rows_of {
    my (@rows, %row);

    for my $record (@_) {
        my $key = join " ", @$record{qw(clock backend placement harts policy scenario units)};
        push @rows, $row{$key} = [$record, {}] if !$row{$key};
        $row{$key}[1]{ $record->{mode} } = $record;
    }
    return @rows;
}

sub cells { return join "", map { "<td>$_</td>" } @_ }

# The scenarios: cost of a round in each mode, how many times as fast it is, and traps.
sub scenario_table {
    my $rows = "";

    for my $row (rows_of(@_)) {
        my ($any, $modes) = @$row;
        my @costs = map {
            my $record = $modes->{$_};
            my $ratio = $record && $record->{relative_performance};
            ($record ? sprintf("%.4g", $record->{cost_per_round}{median}) : "", $ratio ? sprintf("%.2f", $ratio) : "");
        } qw(async adaptive);
        $rows .= "<tr>" . cells(@$any{qw(scenario units coroutines clock placement harts backend)},
            $modes->{sync} ? sprintf("%.4g", $modes->{sync}{cost_per_round}{median}) : "", @costs,
            $modes->{async} ? sprintf("%.2f", 100 * $modes->{async}{trap_frequency}) : "") . "</tr>\n";
    }
    return $rows;
}

# The time of a single call in each mode, by percentiles.
sub latency_table {
    my $rows = "";

    for my $row (rows_of(@_)) {
        my ($any, $modes) = @$row;
        $rows .= "<tr>" . cells(@$any{qw(scenario units coroutines clock placement harts policy backend)},
            map { my $record = $modes->{$_}; map { $record ? $record->{call_latency}{$_} : "" } qw(p50 p95 p99) } qw(sync async adaptive)) . "</tr>\n";
    }
    return $rows;
}

# The share of the time that each hart served requests while it was idle.
sub busy_table {
    my $rows = "";

    for my $record (grep { $_->{busy} && $_->{mode} ne "sync" } @_) {
        $rows .= "<tr>" . cells(@$record{qw(scenario units mode placement policy backend)},
            join " / ", map { sprintf "%.1f", 100 * $_ } @{ $record->{busy} }) . "</tr>\n";
    }
    return $rows;
}

# Bars: how many times as fast the asynchronous scenarios are, by clock and placement. Returns the name of the picture.
sub draw_scenarios {
    my ($folder, $backend, @records) = @_;
    my @kinds = grep { my $kind = $_; grep { bar_kind($_) eq $kind } @records } "one hart, time", "idle hart, time", "one hart, instructions", "one hart, cycles";
    my (%seen, %value);

    my @async = grep { $_->{mode} eq "async" && $_->{policy} eq "call" && defined $_->{relative_performance} } @records;
    my @names = grep { !$seen{$_}++ } map { $_->{scenario} } @async;
    return unless @names;
    $value{ $_->{scenario} }{ bar_kind($_) } = 100 * $_->{relative_performance} for @async;
    my $data = join "", map { my $name = $_; join(" ", "\"$name\"", map { $value{$name}{$_} // 0 } @kinds) . "\n" } @names;
    my @bars = map {
        "\$d using " . ($_ + 2) . ($_ ? "" : ":xtic(1)") . " title '$kinds[$_]' linecolor rgb '$colours[$_]' fillstyle pattern " . (3, 1, 2, 5)[$_]
    } 0 .. $#kinds;
    my $file = "async-scenarios-$backend";

    for my $terminal (["svg", "svg size 900,460 font 'sans-serif,13' background 'white'"], ["png", "pngcairo size 900,460 font 'sans,11'"]) {
        my ($suffix, $set) = @$terminal;
        open my $gnuplot, "|-", "gnuplot" or die "gnuplot: $!\n";
        print $gnuplot <<"P";
\$d << E
${data}E
set terminal $set
set output "$folder/$file.$suffix"
set title "Scenarios: asynchronous against synchronous, user interrupts: $backend"
set ylabel "performance, % of synchronous"
set xlabel "scenario"
set logscale y
set yrange [10:1000]
set ytics (10, 20, 50, 100, 200, 500, 1000)
set grid ytics linecolor rgb 'gray70' linewidth 0.5
set style data histogram
set style histogram clustered gap 1
set xrange [-0.6:@{[$#names + 0.6]}]
set arrow from -0.6,100 to @{[$#names + 0.6]},100 nohead linecolor rgb 'black' linewidth 1
set bmargin 6
set key at screen 0.5,0.02 bottom center horizontal spacing 1.1
plot @{[join ", ", @bars]}
P
        close $gnuplot or die "gnuplot failed\n";
    }
    return $file;
}

# Returns the series that a record belongs to.
sub bar_kind {
    my ($record) = @_;
    return ($record->{placement} eq "one" ? "one hart" : "idle hart") . ", " . ($record->{clock} eq "ticks" ? "time" : $record->{clock});
}

sub percent {
    my ($record) = @_;
    return $record->{relative_performance} && 100 * $record->{relative_performance};
}

# The curves of one backend: async-performance-, async-traps- and async-policies-BACKEND, as .svg
# and .png. Returns their names.
sub draw_curves {
    my ($folder, $backend, @records) = @_;
    my @call = grep { $_->{policy} eq "call" } @records;
    my @relative = series_of(\&percent, @call);
    my @traps = series_of(sub { $_[0]{trap_frequency} ? 100 * $_[0]{trap_frequency} : undef }, @call);
    my @policies = series_of(\&percent,
        grep { $_->{mode} eq "async" && $_->{clock} eq "ticks" } @records);

    # Without a synchronous and an asynchronous run, nothing can be compared.
    return unless @relative;
    my @axes = ("performance, % of synchronous", "set arrow from 0.9,100 to 1200,100 nohead linecolor rgb 'black' linewidth 1\n" .
        "set logscale y\nset yrange [5:2000]\nset ytics (10, 20, 50, 100, 200, 500, 1000)");
    return plot($folder, "async-performance-$backend", "Page Map and Unmap: asynchronous against synchronous, user interrupts: $backend",
        @axes, @relative, map { ["published, $_", $published{$_}] } sort keys %published),
        plot($folder, "async-traps-$backend", "Traps of the thread per 100 system calls, user interrupts: $backend", "traps, % of system calls",
        "set logscale y", @traps, map { ["published, $_", $published_traps{$_}] } sort keys %published_traps),
        plot($folder, "async-policies-$backend", "Served in the wake call, or left to the timer tick, user interrupts: $backend", @axes, @policies);
}

# The picture of docs/performance.md, from the records in a file: user interrupts emulated, served in the wake call if no
# hart is idle.
sub draw_picture {
    my ($json, $svg) = @_;
    my @records = grep { $_->{scenario} eq "map-unmap" && $_->{policy} eq "call" && $_->{backend} eq "emulated" }
        @{ decode_json(read_text($json)) };
    my $data = "";
    my %curve = (
        time => [qw(async one ticks)], idle => [qw(async idle ticks)],
        adaptive => [qw(adaptive one ticks)], instructions => [qw(async one instructions)],
    );

    for my $name (sort keys %curve) {
        my ($mode, $placement, $clock) = @{ $curve{$name} };
        my @points = sort { $a->{frames} <=> $b->{frames} }
            grep { $_->{mode} eq $mode && $_->{placement} eq $placement && $_->{clock} eq $clock } @records;
        die "$json has too few records for the picture; they come from: make bench EXPERIMENT=async\n" if @points < 2;
        $data .= "\$$name << E\n" . join("", map { join(" ", $_->{frames}, 1 / relative($_, @records), 100 * $_->{trap_frequency}) . "\n" } @points) . "E\n";
    }
    make_path(dirname($svg));
    open my $gnuplot, '|-', 'gnuplot' or die "gnuplot: $!\n";
    print $gnuplot <<"P";
$data
set terminal svg size 900,380 font 'sans-serif,13' background 'white'
set output '$svg'
set multiplot layout 1,2 title "A round: mapping and unmapping a page, from so many coroutines at once (QEMU)"
set xlabel "coroutines"
set logscale xy
set xtics (1, 4, 16, 64, 256, 1024)
set xrange [0.8:1300]
set grid linecolor rgb 'gray70' linewidth 0.5
set key top right spacing 1.2 samplen 3
set style data linespoints
set style line 1 linecolor rgb 'black' linewidth 2 pointtype 7 pointsize 0.7
set style line 2 linecolor rgb '$colours[1]' linewidth 1.5 dashtype 2 pointtype 8 pointsize 0.9
set style line 4 linecolor rgb '$colours[3]' linewidth 2 dashtype 4 pointtype 5 pointsize 0.7
set style line 3 linecolor rgb 'gray40' linewidth 1.5 dashtype 3 pointtype 4 pointsize 0.7
set ylabel "cost of a round, ordinary calls = 1"
set yrange [0.05:50]
set ytics (0.1, 0.2, 0.5, 1, 2, 5, 10)
set label "ordinary calls" at 1200,0.92 right offset 0,-0.6
set arrow from 0.8,1 to 1300,1 nohead linecolor rgb 'black'
plot \$instructions using 1:2 title "asynchronous, instructions" linestyle 3, \\
    \$time using 1:2 title "asynchronous, time" linestyle 1, \\
    \$adaptive using 1:2 title "adaptive, time" linestyle 2, \\
    \$idle using 1:2 title "asynchronous, idle hart, time" linestyle 4
unset arrow
unset label
set ylabel "traps, % of system calls"
set yrange [0.005:3000]
set ytics (0.01, 0.1, 1, 10, 100)
plot \$time using 1:3 title "asynchronous" linestyle 1, \$idle using 1:3 title "with an idle hart" linestyle 4, 100 with lines title "ordinary calls" linecolor rgb 'black' linewidth 1
unset multiplot
P
    close $gnuplot or die "gnuplot failed\n";
    print "the picture of docs/performance.md: $svg\n";
}

# Returns the synchronous cost at the same point, divided by that of a record.
sub relative {
    my ($record, @records) = @_;
    my ($sync) = grep {
        my $other = $_;
        $other->{mode} eq "sync" && !grep { $other->{$_} ne $record->{$_} } qw(clock backend placement harts policy scenario units)
    } @records;
    return $sync && $sync->{cost_per_round}{median} / $record->{cost_per_round}{median};
}

# Writes the curves, and report.html, beside the records.
sub draw {
    my ($json) = @_;
    my $folder = dirname($json);
    my @records = @{ decode_json(read_text($json)) };
    my (%seen, @curves);

    $_->{relative_performance} = relative($_, @records) for @records;
    my @pages = grep { $_->{scenario} eq "map-unmap" } @records;
    my @others = grep { $_->{scenario} ne "map-unmap" } @records;

    for my $backend (grep { !$seen{$_}++ } map { $_->{backend} } @records) {
        push @curves, draw_curves($folder, $backend, grep { $_->{backend} eq $backend } @pages);
        push @curves, draw_scenarios($folder, $backend, grep { $_->{backend} eq $backend } @others);
    }
    push @curves, "breakdown" if -f "$folder/breakdown.svg";
    my $figures = join "", map { "<figure>" . embedded($folder, $_) . "</figure>\n" } @curves;
    open my $html, '>', "$folder/report.html" or die "$folder/report.html: $!\n";
    print $html <<"H";
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Asynchronous system calls</title>
<style>body { font-family: sans-serif; max-width: 80em; margin: 2em auto; padding: 0 1em } table { border-collapse: collapse; font-size: 80% }
td, th { border: 1px solid #999; padding: 2px 6px; text-align: right } td { white-space: nowrap } figure { margin: 1em 0 }</style></head><body>
<h1>Asynchronous system calls</h1>
<p>The scenario map-unmap: N coroutines map and unmap a page each, R rounds; the synchronous version makes the same calls
in a loop. Ticks: of time, harts running freely, all points in turn; median of the repetitions,
with the 5th and 95th percentile. Instructions: retired on one hart, deterministic. Cycles: of a model of a processor with
caches and TLBs, one hart. Emulated time is not that of hardware: traps, and above all TLB flushes, cost other multiples of
an instruction there.</p>
$figures<h2>Beside what was published for the original</h2>
<p>Asynchronous performance relative to synchronous, in time. The original's synchronous call was its own, and so is ours.</p>
<table><tr><th>placement</th><th>frames</th><th>published</th><th>here</th></tr>
@{[comparison(@pages)]}</table>
<h2>Scenarios</h2>
<p>Other work than that of the curves, shared by as many coroutines as the table says. A unit is a page of a new address space, a thread, a
group of capabilities, a frame. The cost is that of a round of one unit, in ticks of 100 ns, instructions or cycles; "times" is the
synchronous cost by this one. in-sequence is the control of overlap: the same calls, and then the same computation.</p>
<table><tr><th>scenario</th><th>units</th><th>coroutines</th><th>clock</th><th>placement</th><th>harts</th><th>user interrupts</th><th>sync</th>
<th>async</th><th>times</th><th>adaptive</th><th>times</th><th>async: traps, %</th></tr>
@{[scenario_table(@others)]}</table>
<h2>Single calls</h2>
<p>How long a call takes from its beginning until its answer is there, in a run of its own: median, 95th and 99th percentile. An
asynchronous call waits for those that are served with it. Where the clock is cycles, these are instructions.</p>
<table><tr><th rowspan="2">scenario</th><th rowspan="2">units</th><th rowspan="2">coroutines</th><th rowspan="2">clock</th>
<th rowspan="2">placement</th><th rowspan="2">harts</th><th rowspan="2">policy</th><th rowspan="2">user interrupts</th><th colspan="3">sync</th>
<th colspan="3">async</th><th colspan="3">adaptive</th></tr>
<tr>@{["<th>50 %</th><th>95 %</th><th>99 %</th>" x 3]}</tr>
@{[latency_table(@records)]}</table>
<h2>Harts</h2>
<p>The share of the time that the kernel served requests on each hart while that was idle; hart 0 is that of the thread, which
is not idle unless it blocks.</p>
<table><tr><th>scenario</th><th>units</th><th>mode</th><th>placement</th><th>policy</th><th>user interrupts</th><th>hart 0 / 1 / ..., %</th></tr>
@{[busy_table(@records)]}</table>
<h2>All points</h2>
<table><tr><th>scenario</th><th>clock</th><th>placement</th><th>harts</th><th>policy</th><th>user interrupts</th><th>mode</th><th>units</th>
<th>coroutines</th><th>rounds</th>
<th>cost of a round, in ticks of 100 ns, instructions or cycles</th><th>p5</th><th>p95</th><th>% of sync</th><th>traps, %</th><th>interrupts</th><th>IPIs</th>
<th>served idle / call / block / tick</th></tr>
@{[table(@records)]}</table>
</body></html>
H
    close $html or die "$folder/report.html: $!\n";
    print "report: $folder/report.html, and its curves beside it as .svg and .png\n";
}


# A bar for each record, made of its stages: breakdown.svg and .png, beside the records.
sub draw_breakdown {
    my ($json, $names, @records) = @_;
    my $folder = dirname($json);
    my $data = "";
    my @parts;

    for my $record (@records) {
        $data .= join(" ", "\"$record->{mode}\"", map { $record->{stages}{$_} // 0 } @$names) . "\n";
    }
    for my $index (0 .. $#$names) {
        my $colour = $colours[$index % @colours];
        push @parts, "\$d using " . ($index + 2) . ($index ? "" : ":xtic(1)") . " title '$names->[$index]' linecolor rgb '$colour' " .
            "fillstyle pattern " . ($index % 5 + 1);
    }
    for my $terminal (["svg", "svg size 900,560 font 'sans-serif,13' background 'white'"], ["png", "pngcairo size 900,560 font 'sans,11'"]) {
        my ($suffix, $set) = @$terminal;
        open my $gnuplot, "|-", "gnuplot" or die "gnuplot: $!\n";
        print $gnuplot <<"P";
\$d << E
${data}E
set terminal $set
set output "$folder/breakdown.$suffix"
set title "A round of Page Map and Page Unmap, $records[0]{frames} frames, one hart"
set ylabel "instructions"
set style data histogram
set style histogram rowstacked
set boxwidth 0.6
set xrange [-0.6:@{[$#records + 0.6]}]
set key outside right center invert
plot @{[join ", ", @parts]}
P
        close $gnuplot or die "gnuplot failed\n";
    }
    print "the same as a picture: $folder/breakdown.svg and .png\n";
}

1;
