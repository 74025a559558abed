Usage: thesis-repro chapter [OPTIONS] {3.3|3.4|4.1|4.2|4.3|4.4|4.5|4.6|4.7|4.8
                            |4.9|4.10|4.11|4.12|4.13|4.14|4.15}...
Try 'thesis-repro chapter --help' for help.

Error: No such option '--bogus'. (Did you mean one of: '--out', '--verbose'?)
