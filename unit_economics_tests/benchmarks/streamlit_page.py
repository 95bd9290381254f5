"""The executive page's chart and table in Streamlit, to compare with: `streamlit run streamlit_page.py`.

Here: a script of Streamlit's, run in an environment of its own (dashboard_beside_streamlit.py). It is no part of the
project, imports none of it, and nothing imports it.
"""

import os

import pandas as pd
import psycopg
import streamlit as st  # pyright: ignore[reportMissingImports]

DAYS = """
    select business_date, cost, quantity, 1000 * unit_cost as unit_cost from unit_economics.unit_costs
    where metric = 'cost_per_order' and cost_scope = 'all' order by 1
"""
SLICES = """
    select cost_scope, sum(cost) as cost, 1000 * sum(cost) / sum(quantity) as unit_cost from unit_economics.unit_costs
    where metric = 'cost_per_order' and cost_scope like 'service:%' and business_date > current_date - 28
    group by 1 order by 2 desc
"""


@st.cache_data(ttl=60)
def read(query: str) -> pd.DataFrame:
    """The rows of a query."""
    with psycopg.connect(os.environ["UNIT_ECONOMICS_DATABASE_URL"]) as connection:
        cursor = connection.execute(query.encode())
        return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description or ()])


st.set_page_config(page_title="Unit economics", layout="wide")
days = read(DAYS).set_index("business_date").astype(float)
st.title(f"Cost per 1,000 orders: {1000 * days.cost[-28:].sum() / days.quantity[-28:].sum():.2f}")
st.line_chart(days.unit_cost)
st.line_chart(days[["cost", "quantity"]])
st.dataframe(read(SLICES))
