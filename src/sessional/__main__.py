"""python -m sessional"""

from sessional.cli import main

main()
